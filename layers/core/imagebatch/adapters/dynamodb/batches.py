"""Batches, their items, changes and rounds in one DynamoDB table (layout: `keys`)."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, override
from urllib.parse import unquote

from imagebatch.adapters import codec
from imagebatch.adapters.batch_attributes import (
    ITEM_PROGRESS,
    attributes_of,
    spec_differs,
)
from imagebatch.adapters.dynamodb import keys, listing
from imagebatch.adapters.dynamodb.accounts import transact_with_entries
from imagebatch.adapters.dynamodb.batch_actions import BatchActions, expiry_of, unchanged_item
from imagebatch.adapters.dynamodb.batch_records import (
    batch_of,
    item_of,
    new_item,
    readable_items,
)
from imagebatch.adapters.dynamodb.batch_writes import put_all
from imagebatch.adapters.dynamodb.dispatch_lists import DispatchLists
from imagebatch.adapters.dynamodb.library import library_actions
from imagebatch.adapters.dynamodb.readable import Report, first_decoded, ignore
from imagebatch.adapters.dynamodb.table import (
    NEW,
    Condition,
    ConditionFailedError,
    Record,
    Table,
    unchanged,
)
from imagebatch.domain.batch import Batch
from imagebatch.domain.budgets import AccountEntry
from imagebatch.domain.errors import ConflictError, UnreadableRecordError
from imagebatch.domain.item import Item
from imagebatch.domain.statuses import Kind
from imagebatch.ports.page import Page
from imagebatch.ports.records import BatchStore, Change
from imagebatch.structs import replace

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDBBatchStore(BatchStore):
    """`ports.BatchStore`. Every record of a batch is removed a day after its retention ends."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
        report: Report = ignore,
    ) -> None:
        self._table = Table(client, table, sleep=sleep)
        self._actions = BatchActions(self._table)
        self._dispatch_lists = DispatchLists(self._table)
        self._report = report

    def create(self, batch: Batch, entries: Sequence[AccountEntry] = ()) -> None:
        key, entry = listing.entry(batch)
        actions = [
            self._actions.put_state(batch, NEW),
            self._actions.put_errors(batch),
            self._actions.put_spec(batch),
            self._table.put(key, entry | expiry_of(batch)),
            self._actions.put_unfinished(batch),
            self._table.put(keys.batch_owner(batch.id), {"owner": batch.owner} | expiry_of(batch)),
        ]
        transact_with_entries(self._table, actions, entries, expiry_of(batch))

    def get(self, owner: str, batch_id: str) -> Batch | None:
        return batch_of(self._table.get_many(keys.batch_parts(owner, batch_id)).values())

    def owner_of(self, batch_id: str) -> str | None:
        found = self._table.get_many([keys.batch_owner(batch_id)])
        return next((str(record["owner"]) for record in found.values()), None)

    def get_item(self, owner: str, batch_id: str, index: int) -> Item | None:
        parts = keys.item_parts(owner, batch_id, index)
        return item_of(self._table.get_many(parts), parts)

    @override
    def find(self, owner: str, batch_id: str, index: int) -> tuple[Batch, Item] | None:
        """In one request: every delivery begins with this, and so does each repeated write."""
        parts = keys.item_parts(owner, batch_id, index)
        found = self._table.get_many([*keys.batch_parts(owner, batch_id), *parts])
        batch, item = batch_of(found.values()), item_of(found, parts)
        return None if batch is None or item is None else (batch, item)

    def items(
        self,
        owner: str,
        batch_id: str,
        *,
        start: int = 0,
        end: int = keys.LAST_ITEM,
        limit: int | None = None,
    ) -> Iterator[Item]:
        if start > end:
            return
        low, high = keys.item_sort(max(start, 0)), keys.state_sort(end)
        partition = keys.batch_partition(owner, batch_id)

        def query(limit: int | None) -> Iterator[Record]:
            return self._table.query(partition, low, high, limit=limit)

        if limit is None:
            yield from readable_items(query(None), self._report)
        else:
            yield from self._first_items(query, limit)

    def _first_items(
        self, query: Callable[[int | None], Iterator[Record]], limit: int
    ) -> Iterator[Item]:
        """Two records an item at most; it reads on where some of them cannot be read."""
        unreadable: dict[str, str] = {}
        records = list(query(2 * limit))
        found = list(readable_items(records, unreadable.__setitem__))
        if unreadable and len(records) == 2 * limit:
            return islice(readable_items(query(None), self._report), limit)
        for key, reason in unreadable.items():
            self._report(key, reason)
        return islice(found, limit)

    @override
    def add_items(self, owner: str, batch_id: str, items: Sequence[Item]) -> None:
        """Without a condition, at half of a transaction's write units (decision 76)."""
        partition, ttl = keys.batch_partition(owner, batch_id), self._ttl_of(owner, batch_id)
        records = (record for item in items for record in new_item(item))
        put_all(self._table, (((partition, sort), record | ttl) for sort, record in records))

    def commit(
        self,
        batch: Batch,
        item: Item | None = None,
        entries: Sequence[AccountEntry] = (),
        *,
        before: Batch | None = None,
    ) -> tuple[Batch, Item | None]:
        writes_spec = item is None and spec_differs(before, batch)
        after = replace(
            batch,
            version=batch.version + 1,
            spec_version=batch.spec_version + writes_spec,
        )
        settled = None if item is None else replace(item, version=item.version + 1)
        actions = [
            self._actions.put_state(after, unchanged("version", batch.version)),
            *self._actions.unfinished_action(after, before),
            self._actions.put_change(after, settled),
        ]
        if writes_spec:
            condition = unchanged("specVersion", batch.spec_version)
            actions.append(self._actions.put_spec(after, condition))
        if item is not None:
            actions.append(self._actions.put_item(after, item))
        if before is None or after.errors != before.errors:
            actions.append(self._actions.put_errors(after))
        actions += library_actions(self._table, after, settled)
        transact_with_entries(
            self._table, actions, entries, expiry_of(after), versioned=len(actions)
        )
        return after, settled

    def save_item(self, owner: str, batch_id: str, item: Item) -> Item:
        after = replace(item, version=item.version + 1)
        record = codec.encode(after, ITEM_PROGRESS)
        remove = [name for name in attributes_of(ITEM_PROGRESS) if name not in record]
        key = keys.batch_partition(owner, batch_id), keys.state_sort(item.index)
        self._table.write(self._table.update(key, record, remove, unchanged_item(item)))
        return after

    def put_round(self, owner: str, batch_id: str, round_: int, indices: Sequence[int]) -> None:
        self._dispatch_lists.put(owner, batch_id, round_, indices, self._ttl_of(owner, batch_id))

    def round_list(self, owner: str, batch_id: str, round_: int) -> Sequence[int] | None:
        return self._dispatch_lists.get(owner, batch_id, round_)

    def round_entry(self, owner: str, batch_id: str, round_: int, position: int) -> int | None:
        return self._dispatch_lists.entry(owner, batch_id, round_, position)

    def changes(self, owner: str, batch_id: str, after: int, limit: int) -> Sequence[Change]:
        if after >= keys.LAST_CHANGE:
            return []
        low, high = keys.change_sort(max(after, 0) + 1), keys.change_sort(keys.LAST_CHANGE)
        partition = keys.batch_partition(owner, batch_id)

        def query(limit: int | None) -> Iterator[Record]:
            return self._table.query(partition, low, high, limit=limit)

        return first_decoded(Change, query, limit, self._report)

    def list_batches(
        self,
        owner: str,
        *,
        limit: int,
        cursor: str | None = None,
        kind: Kind | None = None,
        keep: Callable[[Batch], bool] = lambda _: True,
    ) -> Page[Batch]:
        return listing.page(
            self._table,
            owner,
            limit=limit,
            cursor=cursor,
            kind=kind,
            keep=keep,
            report=self._report,
        )

    def unfinished(self, owner: str | None = None) -> Iterator[tuple[str, str]]:
        prefix = "" if owner is None else f"{keys.part(owner)}#"
        # Every character of a key sorts below DEL, and "~" is one of them.
        records = self._table.query(keys.UNFINISHED, prefix or "!", f"{prefix}\x7f")
        for record in records:
            yield _named_by(record)

    def unfinished_batches(self, owner: str | None = None) -> Iterator[Batch]:
        for at in self.unfinished(owner):
            try:
                batch = self.get(*at)
            except UnreadableRecordError as error:
                self._report(f"BATCH {at[1]}", str(error))
            else:
                if batch is not None and not batch.finished:
                    yield batch

    def reserve_outbox_name(self, name: str, batch_id: str, until: datetime) -> bool:
        free_or_ours = Condition(
            "attribute_not_exists(pk) OR #batchId = :batchId", ("batchId",), {"batchId": batch_id}
        )
        record = {"batchId": batch_id, "ttl": math.ceil(until.timestamp())}
        try:
            self._table.transact([self._table.put(keys.name(name), record, free_or_ours)])
        except ConditionFailedError:
            return False
        return True

    def _ttl_of(self, owner: str, batch_id: str) -> Record:
        batch = self.get(owner, batch_id)
        if batch is None:
            raise ConflictError("the batch is gone")
        return expiry_of(batch)


def _named_by(record: Record) -> tuple[str, str]:
    """Whose batch and which, also where only the key can be read: a batch must not be forgotten."""
    parts = [unquote(each) for each in record["sk"].split("#")]
    return str(record.get("owner", parts[0])), str(record.get("batchId", parts[-1]))
