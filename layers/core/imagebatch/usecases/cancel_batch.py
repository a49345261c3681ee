"""Cancels a batch: pending items cost nothing, running ones are stopped, finished ones are kept."""

from imagebatch.domain.batch import Batch
from imagebatch.domain.rounds import cancel
from imagebatch.domain.statuses import BatchStatus
from imagebatch.ports.finalizer import Finalizer
from imagebatch.structs import Struct
from imagebatch.usecases.records import BatchRepository


class CancelBatch(Struct, frozen=True):
    records: BatchRepository
    finalizer: Finalizer

    def __call__(self, owner: str, batch_id: str) -> Batch:
        """NotFoundError, or StateConflictError once the batch is archiving or finished."""
        now = self.records.clock.now()
        batch = self.records.update(owner, batch_id, lambda b: cancel(b, now))
        if batch.status is BatchStatus.ARCHIVING:
            self.finalizer.start(owner, batch_id, batch.round, batch.state.attempt)
        return batch
