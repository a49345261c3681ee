"""Builds the archive of a finished batch again, without spending anything."""

from dataclasses import dataclass

from imagebatch.domain.batch import Batch
from imagebatch.domain.rounds import rebuild
from imagebatch.ports import Finalizer
from imagebatch.usecases.records import BatchRepository


@dataclass(frozen=True, slots=True)
class RebuildArchive:
    records: BatchRepository
    finalizer: Finalizer

    def __call__(self, owner: str, batch_id: str) -> Batch:
        """An archive that expired or is outdated; nothing for one that is as it should be, or that
        is being built.

        StateConflictError while the batch runs or after its retention.
        """
        now = self.records.clock.now()
        batch = self.records.update(owner, batch_id, lambda batch: rebuild(batch, now))
        if batch.rebuilding:
            self.finalizer.start(owner, batch_id, batch.round, batch.attempt)
        return batch
