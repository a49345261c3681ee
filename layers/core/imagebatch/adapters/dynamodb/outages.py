"""Circuit breakers and the holders of predictions in the table (layout: `keys`)."""

import math
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import batched
from typing import TYPE_CHECKING, override

from imagebatch.adapters.codec import time_of, time_text
from imagebatch.adapters.dynamodb import keys
from imagebatch.adapters.dynamodb.readable import Report, ignore, readable
from imagebatch.adapters.dynamodb.table import (
    KEYS_A_READ,
    NEW,
    Condition,
    ConditionFailedError,
    Record,
    Table,
    unchanged,
)
from imagebatch.domain.circuit_breaker import CircuitBreaker
from imagebatch.ports.breakers import BreakerStore
from imagebatch.ports.prediction_ledger import PredictionLedger

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDBBreakerStore(BreakerStore):
    """There are only as many records as models, so none is removed. An unreadable one counts as
    closed.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
        report: Report = ignore,
    ) -> None:
        self._table = Table(client, table, sleep=sleep)
        self._report = report

    def get(self, provider: str, model: str) -> CircuitBreaker:
        key = keys.circuit_breaker(provider, model)
        found = self._table.get_many([key]).get(key)
        records = [found] if found else []
        known = readable(records, _breaker, self._report)
        return next((breaker for _, breaker in known), CircuitBreaker())

    def save(self, provider: str, model: str, breaker: CircuitBreaker) -> None:
        record: Record = {"failures": breaker.failures, "version": breaker.version + 1}
        if breaker.open_until:
            record["openUntil"] = time_text(breaker.open_until)
        condition = unchanged("version", breaker.version) if breaker.version else NEW
        key = keys.circuit_breaker(provider, model)
        self._table.transact([self._table.put(key, record, condition)])


def _breaker(record: Record) -> CircuitBreaker:
    until = record.get("openUntil")
    return CircuitBreaker(
        failures=int(record["failures"]),
        open_until=time_of(until) if until else None,
        version=int(record["version"]),
    )


class DynamoDBPredictionLedger(PredictionLedger):
    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._table = Table(client, table, sleep=sleep)

    def hold(self, provider: str, prediction_id: str, holder: str, until: datetime) -> bool:
        free_or_ours = Condition(
            "attribute_not_exists(pk) OR #holder = :holder", ("holder",), {"holder": holder}
        )
        record = {"holder": holder, "ttl": math.ceil(until.timestamp())}
        key = keys.prediction_holder(provider, prediction_id)
        try:
            self._table.write(self._table.update(key, record, (), free_or_ours))
        except ConditionFailedError:
            return False
        return True

    @override
    def are_held(self, provider: str, prediction_ids: Sequence[str]) -> bool:
        wanted = [keys.prediction_holder(provider, each) for each in prediction_ids]
        return all(
            len(self._table.get_many(some)) == len(some)
            for some in batched(wanted, KEYS_A_READ, strict=False)
        )
