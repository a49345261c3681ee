"""Rebuilds the archive of a finished batch at no cost."""

from imagebatch.domain.batch import Batch
from imagebatch.domain.rounds import rebuild
from imagebatch.ports.finalizer import Finalizer
from imagebatch.structs import Struct
from imagebatch.usecases.records import BatchRepository


class RebuildArchive(Struct, frozen=True):
    records: BatchRepository
    finalizer: Finalizer

    def __call__(self, owner: str, batch_id: str) -> Batch:
        """Rebuild an expired or outdated archive; no effect if it is up to date or being built.

        StateConflictError while the batch runs or after its retention.
        """
        now = self.records.clock.now()
        batch = self.records.update(owner, batch_id, lambda batch: rebuild(batch, now))
        if batch.rebuilding:
            self.finalizer.start(owner, batch_id, batch.round, batch.state.attempt)
        return batch
