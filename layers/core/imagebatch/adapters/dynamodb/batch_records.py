"""Stores a batch and an item as several records each: frequently written parts are small."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from imagebatch.adapters import codec
from imagebatch.adapters.batch_attributes import ITEM_PROGRESS
from imagebatch.adapters.dynamodb import keys
from imagebatch.adapters.dynamodb.item_specs import encode_spec, unpack_spec
from imagebatch.adapters.dynamodb.readable import Report
from imagebatch.adapters.dynamodb.table import Record
from imagebatch.domain.batch import Batch
from imagebatch.domain.errors import UnreadableRecordError
from imagebatch.domain.item import Item
from imagebatch.domain.statuses import ItemStatus
from imagebatch.structs import replace


def batch_of(records: Iterable[Record]) -> Batch | None:
    """Return None unless both of the batch's records exist."""
    found = {record["sk"]: record for record in records}
    state, spec = found.get(keys.BATCH_SORT), found.get(keys.SPEC_SORT)
    if state is None or spec is None:
        return None
    return codec.decode(Batch, {**found.get(keys.ERRORS_SORT, {}), **spec, **state})


def new_item(item: Item) -> Iterator[tuple[str, Record]]:
    """Yield the item's records with their sort keys. In round 0 it has only its spec."""
    yield (
        keys.item_sort(item.index),
        encode_spec(replace(item, failure=None) if item.round else item),
    )
    if item.round:
        yield keys.state_sort(item.index), codec.encode(item, ITEM_PROGRESS)


def item_of(found: Mapping[keys.Key, Record], parts: Sequence[keys.Key]) -> Item | None:
    """Return the item whose records have the keys `parts` (`keys.item_parts`)."""
    return next(items_of(found[key] for key in parts if key in found), None)


def items_of(records: Iterable[Record]) -> Iterator[Item]:
    """Return the items of records in key order."""
    for _, found in _by_item(records):
        yield _item(list(found))


def readable_items(records: Iterable[Record], report: Report) -> Iterator[Item]:
    """The same; an unreadable item is reported and skipped."""
    for sort, found in _by_item(records):
        try:
            item = _item(list(found))
        except UnreadableRecordError as error:
            report(sort, str(error))
        else:
            yield item


def _by_item(records: Iterable[Record]) -> Iterator[tuple[str, Iterator[Record]]]:
    return groupby(records, lambda record: record["sk"].removesuffix(keys.STATE))


def _item(records: list[Record]) -> Item:
    spec = unpack_spec(records[0])
    if len(records) == 1:
        fresh = ItemStatus.FAILED if "failure" in spec else ItemStatus.PENDING
        return codec.decode(Item, {**spec, "status": fresh.value})
    # A failure at the intake stays in the spec; an item with a state was not rejected there.
    return codec.decode(Item, {**spec, **records[1]})
