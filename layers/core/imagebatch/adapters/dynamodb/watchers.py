"""The places of live progress in the table (layout: `keys`): one attribute for each in use.

The limit is a condition of the write that takes a place, and each place has its own expiry, so a
killed function does not keep its place longer than it could have lived.
"""

import math
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from imagebatch.adapters.dynamodb import keys
from imagebatch.adapters.dynamodb.table import Condition, ConditionFailedError, Record, Table
from imagebatch.ports.watchers import WatcherPlace, WatcherPlaces

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEPT = timedelta(days=1)
_TRIES = 20
"""Each is lost to a faster writer."""


class DynamoDBWatcherPlaces(WatcherPlaces):
    """`ports.watchers.WatcherPlaces`."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._table = Table(client, table, sleep=sleep)

    def acquire(
        self, owner: str, limit: int, now: datetime, until: datetime
    ) -> WatcherPlace | None:
        token, free = uuid4().hex, list(range(limit))
        for _ in range(_TRIES):
            if not free:
                return None
            # A random one, so that simultaneous callers do not all try the same.
            place = WatcherPlace(free[int(token, 16) % len(free)], token, until)
            try:
                self._write(owner, place, now)
            except ConditionFailedError as error:
                free = [n for n in range(limit) if _is_free(error.record, n, now)]
            else:
                return place
        return None

    def release(self, owner: str, place: WatcherPlace) -> None:
        name = _name(place.number)
        ours = Condition(f"#{name} = :ours", (name,), {"ours": _value(place)})
        change = self._table.update(keys.watchers(owner), _ttl(place), [name], ours)
        try:
            self._table.write(change)
        except ConditionFailedError:
            return

    def _write(self, owner: str, place: WatcherPlace, now: datetime) -> None:
        name = _name(place.number)
        free = Condition(
            f"attribute_not_exists(#{name}) OR #{name} < :now",
            (name,),
            {"now": keys.time_sort(now)},
        )
        record = {name: _value(place)} | _ttl(place)
        self._table.write(self._table.update(keys.watchers(owner), record, (), free))


def _name(number: int) -> str:
    return f"place{number}"


def _value(place: WatcherPlace) -> str:
    """Its expiry first, so that a condition can compare it."""
    return f"{keys.time_sort(place.until)} {place.token}"


def _is_free(record: Record, number: int, now: datetime) -> bool:
    return str(record.get(_name(number), "")) < keys.time_sort(now)


def _ttl(place: WatcherPlace) -> Record:
    return {"ttl": math.ceil((place.until + _KEPT).timestamp())}
