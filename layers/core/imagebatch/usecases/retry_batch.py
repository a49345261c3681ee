"""Opens the next round of a batch with what failed, or builds its archive anew."""

from dataclasses import dataclass, replace

from imagebatch.domain.batch import Batch, BatchStatus
from imagebatch.domain.rounds import retry
from imagebatch.ports import DispatchQueue, Finalizer
from imagebatch.usecases.records import BatchRepository


@dataclass(frozen=True, slots=True)
class RetryBatch:
    records: BatchRepository
    dispatch: DispatchQueue
    finalizer: Finalizer

    def __call__(self, owner: str, batch_id: str, request: str) -> Batch:
        """The same request, come again after its end was lost, carries on and opens nothing more.

        NotFoundError, or StateConflictError while it runs or with nothing to do again.
        """
        now = self.records.clock.now()

        def open_round(batch: Batch) -> Batch:
            if batch.retry_request_id == request:
                return batch
            return replace(retry(batch, now), retry_request_id=request)

        batch = self.records.update(owner, batch_id, open_round)
        if batch.status is BatchStatus.ARCHIVING:
            self.finalizer.start(owner, batch_id, batch.round, batch.attempt)
        elif not batch.finished:
            self.dispatch.send(owner, batch_id, batch.round)
        return batch
