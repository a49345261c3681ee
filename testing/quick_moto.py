"""Speeds up moto's DynamoDB and SQS; its results stay the same.

moto looks up each value under every possible type, copies the whole table for each operation of a
transaction, parses an update expression each time, asks of each of its nodes, ten times, whether it
is to be processed, and measures a record again with each of its attributes; it derives the names of
a queue's attributes each time. This took most of the time of a suite over moto.
"""

import copy
from collections.abc import Callable, Iterator
from functools import cache, wraps
from typing import Any

import moto.core.responses
import moto.sqs.models
from moto.core.base_backend import BaseBackend
from moto.core.models import MockAWS, botocore_stubber, responses_mock
from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.exceptions import ItemSizeTooLarge
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.table import Table
from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser, Node
from moto.dynamodb.parsing.expressions import UpdateExpressionParser

_of_any_structure = BaseJSONSerializer._serialize_type_structure
_transact = DynamoDBBackend.transact_write_items
_parsed = cache(UpdateExpressionParser.make)
"""Its callers change copies only."""
_method_names = cache(moto.core.responses.method_names_from_class)
_attribute_name = cache(moto.sqs.models.camelcase_to_underscores)
_urls_of = BaseBackend.urls.fget
_all_urls: dict[type, dict[str, Any]] = {}
MOST_BYTES = 405_000
"""Of an item, as in moto."""


def install() -> None:
    BaseJSONSerializer._serialize_type_structure = _structure
    DynamoDBBackend.transact_write_items = _transact_write_items
    Table.__deepcopy__ = lambda table, _: table
    Table.all_items = _all_items
    UpdateExpressionParser.make = _parsed
    Item.__init__ = _make_item
    BaseBackend.urls = property(lambda backend: _urls(type(backend), backend))
    moto.core.responses.method_names_from_class = _method_names
    moto.sqs.models.camelcase_to_underscores = _attribute_name
    MockAWS._enable_patching = _enable_patching
    DepthFirstTraverser.traverse_node_recursively = _traverse


def _structure(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
    if shape.name != "AttributeValue":
        _of_any_structure(self, serialized, value, shape, key)
        return
    found: dict[str, Any] = {}
    for name, member in value.items():
        self._serialize(found, member, shape.members[name], name)
    self._default_serialize(serialized, found, shape, key)


def _make_item(self: Any, hash_key: Any, range_key: Any, attrs: dict[str, Any]) -> None:
    """Its size is asked once, and not with every attribute."""
    self.hash_key, self.range_key = hash_key, range_key
    self.attrs = LimitedSizeDict()
    for name, value in attrs.items():
        dict.__setitem__(self.attrs, name, DynamoType(value))
    if self.size() > MOST_BYTES:
        raise ItemSizeTooLarge


def _all_items(self: Any) -> list[Any]:
    """In the order of their keys, which are texts: each query sorts the whole table."""
    items = [item for partition in self.items.values() for item in partition.values()]
    return sorted(items, key=lambda item: (item.hash_key.value, item.range_key.value))


def _urls(kind: type, backend: Any) -> dict[str, Any]:
    if kind not in _all_urls:
        _all_urls[kind] = _urls_of(backend)
    return _all_urls[kind]


def _enable_patching(self: Any, reset: bool = True) -> None:
    """Without a thousand addresses for the library `requests`, which nothing here uses."""
    botocore_stubber.enabled = True
    if reset:
        self.reset()
    responses_mock.start()


def _traverse(self: Any, node: Any, child_id: int = -1) -> Any:
    """As moto has it, with what depends on types alone asked once."""
    if not _is_node(type(node)):
        return node
    parent = node.parent
    for number, child in enumerate(node.children or ()):
        self.pre_processing_of_child(node, number)
        _traverse(self, child, number)
    if _is_processed(type(self), type(node), self.nodes_to_be_processed):
        node = self.process(node)
        node.parent = parent
        if parent:
            parent.children[child_id] = node
    return node


_is_node = cache(lambda kind: issubclass(kind, Node))
_by_processor: dict[tuple[type, type], bool] = {}


def _is_processed(processor: type, kind: type, kinds: Callable[[], tuple[type, ...]]) -> bool:
    if (processor, kind) not in _by_processor:
        _by_processor[processor, kind] = issubclass(kind, kinds())
    return _by_processor[processor, kind]


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
