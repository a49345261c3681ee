"""The results of the last model check, in one record."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from imagebatch.adapters.codec import time_of, time_text
from imagebatch.adapters.dynamodb import keys
from imagebatch.adapters.dynamodb.readable import Report, ignore, readable
from imagebatch.adapters.dynamodb.table import Record, Table
from imagebatch.domain.model_checks import ModelCheck, ModelChecks
from imagebatch.ports.model_checks import ModelCheckStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDBModelCheckStore(ModelCheckStore):
    def __init__(self, client: "DynamoDBClient", table: str, *, report: Report = ignore) -> None:
        self._table = Table(client, table)
        self._report = report

    def load(self) -> ModelChecks:
        """Return nothing if the record cannot be read: the next check replaces it."""
        found = self._table.get(keys.MODEL_CHECKS)
        records = [found] if found else []
        return next((checks for _, checks in readable(records, _checks, self._report)), {})

    def save(self, checks: Mapping[str, ModelCheck]) -> None:
        entries = {
            name: {
                "upstream": list(check.upstream),
                "gone": check.gone,
                "checked_at": time_text(check.checked_at),
            }
            for name, check in checks.items()
        }
        record = {"models": json.dumps(entries)}
        self._table.transact([self._table.put(keys.MODEL_CHECKS, record)])


def _checks(record: Record) -> ModelChecks:
    return {
        name: ModelCheck(tuple(entry["upstream"]), entry["gone"], time_of(entry["checked_at"]))
        for name, entry in json.loads(record["models"]).items()
    }
