"""DynamoDB's write units as AWS bills them: 1 KB of an item each, twice in a transaction.

And the limit of a partition: what exceeds it is throttled.
"""

import math
import threading
import time
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

WRITES = {"Put": "Item", "Update": "ExpressionAttributeValues", "Delete": "Key"}


def write_units(operation: str, body: Mapping[str, Any]) -> int:
    """Return the units that a request writes; 0 for a read."""
    return sum(units for _, units in written(operation, body))


def written(operation: str, body: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Yield the partition of each record that a request writes, and its units."""
    if operation == "TransactWriteItems":
        for action in body["TransactItems"]:
            [(kind, what)] = action.items()
            yield _partition(what), 2 * _written(kind, what)
    elif operation in {"PutItem", "UpdateItem", "DeleteItem"}:
        yield _partition(body), _written(operation.removesuffix("Item"), body)
    elif operation == "BatchWriteItem":
        for request in (r for table in body["RequestItems"].values() for r in table):
            [what] = request.values()
            yield _partition(what), _size_units(what.get("Item", {}))


def _partition(what: Mapping[str, Any]) -> str:
    return str(what.get("Item", what.get("Key"))["pk"]["S"])


def _written(kind: str, what: Mapping[str, Any]) -> int:
    """An update names only its changes, so its size is at least one unit."""
    return _size_units(what.get(WRITES.get(kind, "Key"), {}))


def _size_units(item: Mapping[str, Any]) -> int:
    return max(1, math.ceil(item_bytes(item) / 1024))


def item_bytes(item: Mapping[str, Any]) -> int:
    return sum(len(name.encode()) + _value(value) for name, value in item.items())


def _value(typed: Mapping[str, Any]) -> int:
    [(kind, value)] = typed.items()
    if kind == "M":
        return 3 + item_bytes(value)
    if kind == "L":
        return 3 + sum(1 + _value(each) for each in value)
    if kind in {"SS", "NS"}:
        return sum(len(str(each)) for each in value)
    if kind == "B":
        # A request has it in Base64, and the SDK's caller as it is.
        return len(b64decode(value) if isinstance(value, str) else value)
    return len(str(value).encode()) if kind in {"S", "N"} else 1


class PartitionLimit:
    """A token bucket for each partition key, filled each second with so many write units.

    DynamoDB may let a partition burst for longer, which nothing should depend on.
    """

    def __init__(self, units_a_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.throttled = 0
        self._rate = units_a_second
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def throttles(self, operation: str, body: Mapping[str, Any]) -> list[bool]:
        """Whether each written record's partition has no room; nothing is used up then."""
        asked = list(written(operation, body))
        needed: Counter[str] = Counter()
        for partition, units in asked:
            needed[partition] += units
        full = self.full(needed)
        return [partition in full for partition, _ in asked]

    def full(self, needed: Mapping[str, int]) -> set[str]:
        """Use up the units, or return the partitions that have too few left."""
        with self._lock:
            now = self._clock()
            left = {partition: self._room(partition, now) for partition in needed}
            full = {p for p, units in needed.items() if left[p] < min(units, self._rate)}
            self.throttled += bool(full)
            if not full:
                self._left |= {p: (left[p] - units, now) for p, units in needed.items()}
        return full

    def _room(self, partition: str, now: float) -> float:
        left, then = self._left.get(partition, (self._rate, now))
        return min(self._rate, left + (now - then) * self._rate)
