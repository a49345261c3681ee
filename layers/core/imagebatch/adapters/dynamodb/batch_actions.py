"""Actions that write a batch, its items and its changes in a transaction (layout: `keys`)."""

import math
from datetime import timedelta
from typing import TYPE_CHECKING

from imagebatch.adapters import codec
from imagebatch.adapters.batch_attributes import (
    BATCH_ERRORS,
    BATCH_SPEC,
    BATCH_STATE,
    ITEM_PROGRESS,
)
from imagebatch.adapters.dynamodb import keys
from imagebatch.adapters.dynamodb.table import NEW, Condition, Record, Table, unchanged
from imagebatch.domain.batch import Batch
from imagebatch.domain.item import Item
from imagebatch.ports.records import Change, ItemChange
from imagebatch.structs import Struct, replace

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_GRACE = timedelta(days=1)
"""How long the records outlive the batch's retention."""


class BatchActions(Struct, frozen=True):
    """Builds the actions of `Table.transact`. Every record expires with its batch."""

    table: Table

    def put_state(self, batch: Batch, condition: Condition) -> "TransactWriteItemTypeDef":
        record = codec.encode(batch, BATCH_STATE) | expiry_of(batch)
        return self.table.put(keys.batch(batch.owner, batch.id), record, condition)

    def put_spec(
        self, batch: Batch, condition: Condition | None = None
    ) -> "TransactWriteItemTypeDef":
        key = keys.batch_partition(batch.owner, batch.id), keys.SPEC_SORT
        return self.table.put(key, codec.encode(batch, BATCH_SPEC) | expiry_of(batch), condition)

    def put_errors(self, batch: Batch) -> "TransactWriteItemTypeDef":
        key = keys.batch_partition(batch.owner, batch.id), keys.ERRORS_SORT
        return self.table.put(key, codec.encode(batch, BATCH_ERRORS) | expiry_of(batch))

    def put_item(self, batch: Batch, item: Item) -> "TransactWriteItemTypeDef":
        """Write the item's state as its next version, if the stored one is `item.version`."""
        key = keys.batch_partition(batch.owner, batch.id), keys.state_sort(item.index)
        record = codec.encode(replace(item, version=item.version + 1), ITEM_PROGRESS)
        return self.table.put(key, record | expiry_of(batch), unchanged_item(item))

    def put_change(self, batch: Batch, item: Item | None) -> "TransactWriteItemTypeDef":
        """Record the batch's version as a change; `item` is the one that changed with it."""
        at = batch.updated_at or batch.created_at
        told = None if item is None else ItemChange.of(item)
        change = Change(batch.version, at, batch.status, batch.counts, told)
        key = keys.batch_partition(batch.owner, batch.id), keys.change_sort(batch.version)
        return self.table.put(key, codec.encode(change) | expiry_of(batch))

    def put_unfinished(self, batch: Batch) -> "TransactWriteItemTypeDef":
        record = {"owner": batch.owner, "batchId": batch.id} | expiry_of(batch)
        return self.table.put(keys.unfinished(batch.owner, batch.id), record)

    def unfinished_action(
        self, batch: Batch, before: Batch | None
    ) -> list["TransactWriteItemTypeDef"]:
        """Return the action that updates the list of unfinished batches, if one is needed.

        A finished batch is removed. One that a retry has reopened is added again, and so is one
        whose earlier state is not known: adding it twice changes nothing.
        """
        if batch.finished:
            return [self.table.delete(keys.unfinished(batch.owner, batch.id))]
        if before is None or before.finished:
            return [self.put_unfinished(batch)]
        return []


def unchanged_item(item: Item) -> Condition:
    """Require the version that was read; version 0 has no state record yet."""
    return unchanged("version", item.version) if item.version else NEW


def expiry_of(batch: Batch) -> Record:
    """Return the attribute for DynamoDB's TTL, in seconds since 1970."""
    return {"ttl": math.ceil((batch.retention_ends_at + _GRACE).timestamp())}
