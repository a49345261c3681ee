"""Opens the next round of a batch with what failed, or builds its archive anew."""

from dataclasses import dataclass

from imagebatch.domain.batch import Batch, BatchStatus
from imagebatch.domain.rounds import retry
from imagebatch.ports import DispatchQueue, Finalizer
from imagebatch.usecases.records import Records


@dataclass(frozen=True, slots=True)
class RetryBatch:
    records: Records
    dispatch: DispatchQueue
    finalizer: Finalizer

    def __call__(self, owner: str, batch_id: str) -> Batch:
        """NotFoundError, or StateConflictError while it runs or with nothing to do again."""
        now = self.records.clock.now()
        batch = self.records.change(owner, batch_id, lambda b: retry(b, now))
        if batch.status is BatchStatus.ARCHIVING:
            self.finalizer.start(owner, batch_id, batch.round, batch.attempt)
        else:
            self.dispatch.send(owner, batch_id, batch.round)
        return batch
