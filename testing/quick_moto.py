"""Speeds up reads and transactions of moto's DynamoDB; its results stay the same.

moto looks up each value under every possible type, and copies the whole table for each operation
of a transaction. Both took most of the time of a suite over moto.
"""

import copy
from collections.abc import Iterator
from functools import wraps
from typing import Any

from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

_of_any_structure = BaseJSONSerializer._serialize_type_structure
_transact = DynamoDBBackend.transact_write_items


def install() -> None:
    BaseJSONSerializer._serialize_type_structure = _structure
    DynamoDBBackend.transact_write_items = _transact_write_items
    Table.__deepcopy__ = lambda table, _: table


def _structure(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
    if shape.name != "AttributeValue":
        _of_any_structure(self, serialized, value, shape, key)
        return
    found: dict[str, Any] = {}
    for name, member in value.items():
        self._serialize(found, member, shape.members[name], name)
    self._default_serialize(serialized, found, shape, key)


@wraps(_transact)
def _transact_write_items(self: Any, transact_items: list[dict[str, Any]]) -> None:
    """Only the records that it names are kept for the case that it fails."""
    before = [_Before(self.tables, each) for each in _operations(transact_items)]
    try:
        _transact(self, transact_items)
    except Exception:
        for each in before:
            each.restore()
        raise


def _operations(transact_items: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for item in transact_items:
        yield from item.values()


class _Before:
    """A record, or that there is none, before an operation on it."""

    def __init__(self, tables: dict[str, Any], operation: dict[str, Any]) -> None:
        table = tables[operation["TableName"]]
        assert not table.stream_shard, "its records would have to be taken back too"
        named = operation.get("Key") or operation["Item"]
        self._range = DynamoType(named[table.range_key_attr])
        self._partition = table.items[DynamoType(named[table.hash_key_attr])]
        self._record = copy.deepcopy(self._partition.get(self._range))

    def restore(self) -> None:
        if self._record is None:
            self._partition.pop(self._range, None)
        else:
            self._partition[self._range] = self._record
