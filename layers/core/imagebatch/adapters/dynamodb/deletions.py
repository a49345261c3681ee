"""Deletions in the table (layout: `keys`)."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from imagebatch.adapters import codec
from imagebatch.adapters.dynamodb import keys, listing
from imagebatch.adapters.dynamodb.keys import Key
from imagebatch.adapters.dynamodb.readable import Report, ignore, readable
from imagebatch.adapters.dynamodb.removal import remove_keys, remove_partition
from imagebatch.adapters.dynamodb.table import (
    Condition,
    ConditionFailedError,
    Record,
    Table,
    unchanged,
)
from imagebatch.domain.batch import Batch
from imagebatch.domain.deletion import Deletion
from imagebatch.ports.deletion import DeletionStore, KeepGoing

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDBDeletionStore(DeletionStore):
    """`ports.DeletionStore`. A batch is deleted with the records through which all of its data is
    read.
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

    def start(self, batch: Batch, deletion: Deletion) -> None:
        state, errors, spec = keys.batch_parts(batch.owner, batch.id)
        listed, _ = listing.entry(batch)
        self._table.transact(
            [
                self._table.delete(state, unchanged("version", batch.version)),
                self._table.delete(errors),
                self._table.delete(spec),
                self._table.delete(listed),
                self._table.delete(keys.unfinished(batch.owner, batch.id)),
                self._table.delete(keys.batch_owner(batch.id)),
                self._table.put(_place(deletion), codec.encode(deletion)),
            ]
        )

    def pending(self) -> Iterator[Deletion]:
        records = self._table.query(keys.DELETIONS, "!", "\x7f")
        for _, deletion in readable(records, _deletion, self._report, _name_of):
            yield deletion

    def owns_outbox_name(self, name: str, batch_id: str) -> bool:
        found = self._table.get(keys.name(name))
        return found is not None and found["batchId"] == batch_id

    def remove_records(
        self, deletion: Deletion, names: Sequence[str], keep_going: KeepGoing
    ) -> bool:
        owner, batch_id = deletion.owner, deletion.batch_id
        self._forget_request(owner, batch_id)
        return (
            remove_keys(self._table, map(keys.name, names), keep_going)
            and remove_keys(self._table, self._in_library(owner, batch_id), keep_going)
            and remove_partition(self._table, keys.folder_partition(owner, batch_id), keep_going)
            and remove_keys(self._table, self._shares(owner, batch_id), keep_going)
            and remove_partition(self._table, keys.batch_partition(owner, batch_id), keep_going)
        )

    def end(self, deletion: Deletion) -> None:
        self._table.transact([self._table.delete(_place(deletion))])

    def _forget_request(self, owner: str, batch_id: str) -> None:
        """The key's record has the batch's ID; the batch does not know which key created it."""
        partition = keys.idempotency_partition(owner)
        for record in self._table.query(partition, "!", "\x7f"):
            if record.get("subject") == batch_id and "deleted" not in record:
                same = Condition("#subject = :subject", ("subject",), {"subject": batch_id})
                at = record["pk"], record["sk"]
                change = self._table.update(at, {"deleted": True}, ("answer",), same)
                try:
                    self._table.transact([change])
                except ConditionFailedError:
                    continue  # its 24 hours were over

    def _shares(self, owner: str, batch_id: str) -> Iterator[Key]:
        """The links to the batch, by ID; the batch's own list of them is deleted last."""
        partition = keys.batch_partition(owner, batch_id)
        for record in self._table.query(partition, keys.SHARES_FIRST, keys.SHARES_LAST):
            yield keys.share_of_sort(record["sk"])

    def _in_library(self, owner: str, batch_id: str) -> Iterator[Key]:
        """Where the variants list the batch: read from the batch's own folder, which is deleted
        last.

        Only key attributes are read, so that records of any version can be removed.
        """
        found = self._table.get(keys.folder(owner, batch_id))
        if found is None:
            return
        for _, (variants, at) in readable([found], _folder_places, self._report):
            sort = keys.library_folder_sort(at, batch_id)
            yield from ((keys.library_partition(owner, each), sort) for each in variants)
        partition = keys.folder_partition(owner, batch_id)
        records = self._table.query(partition, "IMAGE#", "IMAGE#~")
        for record, (variant, at) in readable(records, _image_place, self._report):
            index = int(record["sk"].removeprefix("IMAGE#"))
            sort = keys.library_image_sort(at, batch_id, index)
            yield keys.library_partition(owner, variant), sort


def _deletion(record: Record) -> Deletion:
    return codec.decode(Deletion, record)


def _name_of(record: Record) -> str:
    return f"DELETION {record['sk'].rpartition('#')[2]}"


def _folder_places(record: Record) -> tuple[list[int], datetime]:
    variants = [int(each["variantId"]) for each in record["variants"]]
    return variants, codec.time_of(record["createdAt"])


def _image_place(record: Record) -> tuple[int, datetime]:
    return int(record["variantId"]), codec.time_of(record["createdAt"])


def _place(deletion: Deletion) -> Key:
    return keys.deletion(deletion.owner, deletion.batch_id)
