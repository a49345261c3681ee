"""Deletions in the table (layout: `keys`)."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from imagebatch.adapters import codec
from imagebatch.adapters.dynamodb import keys, listing
from imagebatch.adapters.dynamodb.keys import Key
from imagebatch.adapters.dynamodb.removal import remove_keys, remove_partition
from imagebatch.adapters.dynamodb.table import Condition, ConditionFailedError, Table, unchanged
from imagebatch.domain.asset_library import Folder, LibraryImage
from imagebatch.domain.batch import Batch
from imagebatch.domain.deletion import Deletion
from imagebatch.ports.deletion import DeletionStore, KeepGoing

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDBDeletionStore(DeletionStore):
    """`ports.DeletionStore`. A batch is gone with the records that everything of it is read by."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._table = Table(client, table, sleep=sleep)

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
        for record in self._table.query(keys.DELETIONS, "!", "\x7f"):
            yield codec.decode(Deletion, record)

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
        """The key's record has the batch's id; the batch does not know by which key it was made."""
        partition = keys.idempotency_partition(owner)
        for record in self._table.query(partition, "!", "\x7f"):
            if record.get("subject") == batch_id and "deleted" not in record:
                same = Condition("#subject = :subject", ("subject",), {"subject": batch_id})
                at = record["pk"], record["sk"]
                change = self._table.update(at, {"deleted": True}, ("answer",), same)
                try:
                    self._table.transact([change])
                except ConditionFailedError:
                    continue  # its day was over

    def _shares(self, owner: str, batch_id: str) -> Iterator[Key]:
        """The links that showed the batch, by their ids; its own list of them goes last."""
        partition = keys.batch_partition(owner, batch_id)
        for record in self._table.query(partition, keys.SHARES_FIRST, keys.SHARES_LAST):
            yield keys.share(record["id"])

    def _in_library(self, owner: str, batch_id: str) -> Iterator[Key]:
        """Where the variants list the batch: read from the batch's own folder, which goes last."""
        found = self._table.get(keys.folder(owner, batch_id))
        if found is None:
            return
        folder = codec.decode(Folder, found)
        sort = keys.library_folder_sort(folder.created_at, batch_id)
        for variant in folder.variants:
            yield keys.library_partition(owner, variant.variant_id), sort
        partition = keys.folder_partition(owner, batch_id)
        for record in self._table.query(partition, "IMAGE#", "IMAGE#~"):
            image = codec.decode(LibraryImage, record)
            sort = keys.library_image_sort(image.created_at, batch_id, image.index)
            yield keys.library_partition(owner, image.variant_id), sort


def _place(deletion: Deletion) -> Key:
    return keys.deletion(deletion.owner, deletion.batch_id)
