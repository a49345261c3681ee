"""Opens the next round of a batch with its failed items, or rebuilds its archive."""

from imagebatch.domain.batch import Batch
from imagebatch.domain.effective_status import effective_item_status
from imagebatch.domain.round_input import round_seed
from imagebatch.domain.rounds import retry
from imagebatch.domain.statuses import BatchStatus, ItemStatus
from imagebatch.ports.dispatch_queue import DispatchQueue
from imagebatch.ports.finalizer import Finalizer
from imagebatch.structs import Struct, replace
from imagebatch.usecases.records import BatchRepository
from imagebatch.usecases.round_models import ChooseRoundModels, RoundOptions


class RetryBatch(Struct, frozen=True):
    records: BatchRepository
    dispatch: DispatchQueue
    finalizer: Finalizer
    choose_models: ChooseRoundModels

    def __call__(
        self, owner: str, batch_id: str, request: str, options: RoundOptions | None = None
    ) -> Batch:
        """The same request, repeated after its response was lost, continues and opens nothing more.

        NotFoundError, StateConflictError while the batch runs or has nothing to retry, or
        InvalidRequestError for an invalid model or maximum cost.
        """

        def open_round(batch: Batch) -> Batch:
            if batch.state.retry_request_id == request:
                return batch
            opened = self._opened(batch, options)
            return replace(opened, state=replace(opened.state, retry_request_id=request))

        batch = self.records.update(owner, batch_id, open_round)
        start_round(batch, self.dispatch, self.finalizer)
        return batch

    def _opened(self, batch: Batch, options: RoundOptions | None) -> Batch:
        now = self.records.clock.now()
        opened = retry(batch, now)
        if opened.round == batch.round:
            return opened
        items = [
            item
            for item in self.records.store.items(batch.owner, batch.id)
            if effective_item_status(batch, item) is ItemStatus.FAILED and not item.rejected
        ]
        return self.choose_models(opened, items, options or RoundOptions(), now, seed=round_seed)


def start_round(batch: Batch, dispatch: DispatchQueue, finalizer: Finalizer) -> None:
    """Start the round that a write has opened; safe to repeat."""
    if batch.status is BatchStatus.ARCHIVING:
        finalizer.start(batch.owner, batch.id, batch.round, batch.state.attempt)
    elif not batch.finished:
        dispatch.send(batch.owner, batch.id, batch.round)
