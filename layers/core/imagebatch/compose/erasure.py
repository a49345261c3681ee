"""Cancelling and deleting batches, and erasing all of an owner's data."""

from functools import cached_property
from typing import TYPE_CHECKING

from imagebatch.compose.storage import Storage
from imagebatch.compose.table import Table

if TYPE_CHECKING:
    from imagebatch.ports.deletion import DeletionStore
    from imagebatch.ports.erasure import ErasureStore
    from imagebatch.usecases.cancel_batch import CancelBatch
    from imagebatch.usecases.delete_batch import DeleteBatch, OutboxNames, RemoveBatch
    from imagebatch.usecases.erase_owner import Erasures


class ErasureRecords(Table):
    @cached_property
    def erasure_store(self) -> "ErasureStore":
        from imagebatch.adapters.dynamodb.erasures import DynamoDBErasureStore

        return DynamoDBErasureStore(
            *self.table,
            default_owner=self.settings.drop_folder_owner,
            report=self.telemetry.unreadable,
        )

    @cached_property
    def erasures(self) -> "Erasures":
        from imagebatch.usecases.erase_owner import Erasures

        return Erasures(self.records, self.erasure_store)


class Deletion(ErasureRecords, Storage):
    @cached_property
    def cancel(self) -> "CancelBatch":
        from imagebatch.usecases.cancel_batch import CancelBatch

        return CancelBatch(self.records, self.finalizer)

    @cached_property
    def deletions(self) -> "DeletionStore":
        from imagebatch.adapters.dynamodb.deletions import DynamoDBDeletionStore

        return DynamoDBDeletionStore(*self.table, report=self.telemetry.unreadable)

    @cached_property
    def outbox_names(self) -> "OutboxNames":
        from imagebatch.usecases.delete_batch import OutboxNames

        return OutboxNames(self.deletions)

    @cached_property
    def remove_batch(self) -> "RemoveBatch":
        from imagebatch.usecases.delete_batch import RemoveBatch

        return RemoveBatch(self.deletions, self.media, self.finalizer, self.outbox_names)

    @cached_property
    def delete_batch(self) -> "DeleteBatch":
        from imagebatch.usecases.delete_batch import DeleteBatch

        return DeleteBatch(self.records, self.deletions, self.remove_batch)
