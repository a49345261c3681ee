"""The last rejection of each provider, in one record per provider."""

from typing import TYPE_CHECKING

from imagebatch.adapters.codec import time_of, time_text
from imagebatch.adapters.dynamodb import keys
from imagebatch.adapters.dynamodb.readable import Report, ignore, readable
from imagebatch.adapters.dynamodb.table import Record, Table
from imagebatch.ports.refusal_log import Refusal, RefusalLog

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MAX_REASON_LENGTH = 300


class DynamoDBRefusalLog(RefusalLog):
    def __init__(self, client: "DynamoDBClient", table: str, *, report: Report = ignore) -> None:
        self._table = Table(client, table)
        self._report = report

    def note(self, provider: str, refusal: Refusal) -> None:
        record = {"reason": refusal.reason[:MAX_REASON_LENGTH], "at": time_text(refusal.at)}
        self._table.transact([self._table.put(keys.provider_refusal(provider), record)])

    def clear(self, provider: str) -> None:
        self._table.transact([self._table.delete(keys.provider_refusal(provider))])

    def last(self, provider: str) -> Refusal | None:
        key = keys.provider_refusal(provider)
        found = self._table.get_many([key]).get(key)
        records = [found] if found else []
        return next((last for _, last in readable(records, _refusal, self._report, _name_of)), None)


def _refusal(record: Record) -> Refusal:
    return Refusal(record["reason"], time_of(record["at"]))


def _name_of(record: Record) -> str:
    return str(record["pk"])
