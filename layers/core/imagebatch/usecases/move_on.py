"""What follows a settled item: the round's archive, or the next of its items."""

from dataclasses import dataclass

from imagebatch.domain.batch import Batch, BatchStatus, ItemStatus, status_of
from imagebatch.ports import BatchStore, Finalizer, ItemMessage, ItemQueue


@dataclass(frozen=True, slots=True)
class MoveOn:
    """Run after every settle, and again by every redelivery of its message; twice is as good as
    once.

    A batch has at most `window` messages in the queue: settling the n-th entry of the dispatch list
    releases the (n + window)-th, so batches take turns however long they are.
    """

    store: BatchStore
    queue: ItemQueue
    finalizer: Finalizer
    window: int

    def __call__(self, batch: Batch, message: ItemMessage, *, again: bool) -> None:
        if message.round != batch.round:
            return
        if batch.status is BatchStatus.ARCHIVING:
            self.finalizer.start(batch.owner, batch.id, batch.round, batch.attempt)
        elif batch.status is BatchStatus.PROCESSING:
            self._release(batch, message, check=again)

    def _release(self, batch: Batch, message: ItemMessage, *, check: bool) -> None:
        position = message.position + self.window
        index = self.store.round_entry(batch.owner, batch.id, batch.round, position)
        if index is None:
            return
        if check:
            item = self.store.get_item(batch.owner, batch.id, index)
            if item is None or status_of(batch, item) is not ItemStatus.PENDING:
                return
        self.queue.send([ItemMessage(batch.owner, batch.id, batch.round, position, index)])
