"""DynamoDB's write units as AWS bills them: 1 KB of an item each, twice in a transaction."""

import math
from collections.abc import Mapping
from typing import Any

WRITES = {"Put": "Item", "Update": "ExpressionAttributeValues", "Delete": "Key"}


def write_units(operation: str, body: Mapping[str, Any]) -> int:
    """Return the units that a request writes; 0 for a read."""
    if operation == "TransactWriteItems":
        return 2 * sum(_written(*next(iter(each.items()))) for each in body["TransactItems"])
    if operation in {"PutItem", "UpdateItem", "DeleteItem"}:
        return _written(operation.removesuffix("Item"), body)
    if operation == "BatchWriteItem":
        requests = [r for table in body["RequestItems"].values() for r in table]
        return sum(_size_units(r["PutRequest"]["Item"]) for r in requests)
    return 0


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
    return len(str(value).encode()) if kind in {"S", "N", "B"} else 1
