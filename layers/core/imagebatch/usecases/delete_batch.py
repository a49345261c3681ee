"""Deletes a finished batch: inaccessible immediately, then object by object and record by record.

The sweeper completes what takes too long: every step can be repeated.
"""

from collections.abc import Iterator

from imagebatch.domain.deletion import Deletion, check_deletable
from imagebatch.domain.errors import ConflictError, ImagebatchError, UnavailableError
from imagebatch.intake.drop_keys import parse_key
from imagebatch.ports.deletion import DeletionStore, KeepGoing
from imagebatch.ports.finalizer import Finalizer
from imagebatch.ports.objects import ObjectStore
from imagebatch.structs import Struct
from imagebatch.usecases import keys
from imagebatch.usecases.records import BatchRepository


class OutboxNames(Struct, frozen=True):
    deletions: DeletionStore

    def __call__(self, batch_id: str, drop_key: str | None) -> list[str]:
        """Return the names that a batch's results may have in the outbox."""
        dropped = parse_key(drop_key) if drop_key else None
        if dropped is None:
            return []
        owned = self.deletions.owns_outbox_name(dropped.outbox, batch_id)
        return [f"{dropped.outbox}-{batch_id[:8]}", *([dropped.outbox] if owned else [])]


class RemoveBatch(Struct, frozen=True):
    """Remove the remains of a deletion. True if nothing is left."""

    deletions: DeletionStore
    media: ObjectStore
    finalizer: Finalizer
    outbox_names: OutboxNames

    def __call__(self, deletion: Deletion, keep_going: KeepGoing) -> bool:
        self._stop_finalizers(deletion)
        names = self.outbox_names(deletion.batch_id, deletion.drop_key)
        for name in names:
            self.media.delete(f"{name}.zip")
            self.media.delete(f"{name}.json")
        objects = all(
            self.media.delete_folder(folder, keep_going)
            for folder in keys.folders_of_batch(deletion.batch_id)
        )
        return objects and self.deletions.remove_records(deletion, names, keep_going)

    def _stop_finalizers(self, deletion: Deletion) -> None:
        """A round's finalizer waits until its archive expires, even during a later round."""
        for round_ in range(1, deletion.round + 1):
            attempt = 1
            while self.finalizer.stop(deletion.batch_id, round_, attempt):
                attempt += 1


class DeleteBatch(Struct, frozen=True):
    records: BatchRepository
    deletions: DeletionStore
    remove: RemoveBatch

    def __call__(self, owner: str, batch_id: str, keep_going: KeepGoing) -> None:
        """No effect for a missing batch. StateConflictError while it runs."""
        deletion = self._start(owner, batch_id)
        if deletion is not None:
            self.remove(deletion, keep_going)

    def _start(self, owner: str, batch_id: str) -> Deletion | None:
        for _ in self.records.attempts():
            batch = self.records.store.get(owner, batch_id)
            if batch is None:
                return None
            check_deletable(batch)
            deletion = Deletion.of(batch, self.records.clock.now())
            try:
                self.deletions.start(batch, deletion)
            except ConflictError:
                continue
            else:
                return deletion
        raise UnavailableError("the batch changed faster than it could be deleted")


class FinishDeletions(Struct, frozen=True):
    """Resume interrupted deletions, and run each once more at the end."""

    records: BatchRepository
    deletions: DeletionStore
    remove: RemoveBatch

    def __call__(self, keep_going: KeepGoing) -> Iterator[str]:
        """Return the IDs of completely removed batches.

        A failing one does not stop the others; its error is raised at the end.
        """
        failed: ImagebatchError | None = None
        for deletion in self.deletions.pending():
            if not keep_going():
                return
            may_end = deletion.may_end(self.records.clock.now())
            try:
                if self.remove(deletion, keep_going) and may_end:
                    self.deletions.end(deletion)
                    yield deletion.batch_id
            except ImagebatchError as error:
                failed = error
        if failed is not None:
            raise failed
