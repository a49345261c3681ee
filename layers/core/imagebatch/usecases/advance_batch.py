"""What follows a settled item: the round's archive, or the next of its items."""

from collections.abc import Iterator
from dataclasses import dataclass

from imagebatch.domain.batch import Batch, BatchStatus, Item, ItemStatus, status_of
from imagebatch.domain.dispatch_window import release
from imagebatch.ports import BatchStore, Finalizer, ItemMessage, ItemQueue
from imagebatch.usecases.records import Move

CROWDED = 1.0
"""A message that waited for more seconds says that the workers have other batches to work on. What
opened a round says nothing: it may have waited for workers to start.
"""


@dataclass(frozen=True, slots=True)
class AdvanceBatch:
    """Run after every settle, and again by every redelivery of its message; twice is as good as
    once.
    """

    store: BatchStore
    queue: ItemQueue
    finalizer: Finalizer
    workers: int

    def releasing(self, move: Move, message: ItemMessage) -> Move:
        """The move, and what it makes room for where it settles its item: one write."""
        crowded = message.waited > CROWDED and message.position >= self.workers
        share = -(-self.workers // 2) if crowded else self.workers
        return lambda batch, item: release(*move(batch, item), share)

    def __call__(self, batch: Batch, item: Item, message: ItemMessage, *, again: bool) -> None:
        if message.round != batch.round:
            return
        if batch.status is BatchStatus.ARCHIVING:
            self.finalizer.start(batch.owner, batch.id, batch.round, batch.attempt)
        elif batch.status is BatchStatus.PROCESSING and item.round == batch.round:
            self.queue.send([*self._released(batch, item, check=again)])

    def _released(self, batch: Batch, item: Item, *, check: bool) -> Iterator[ItemMessage]:
        for position in item.releases:
            index = self.store.round_entry(batch.owner, batch.id, batch.round, position)
            if index is None or (check and not self._waits(batch, index)):
                continue
            yield ItemMessage(batch.owner, batch.id, batch.round, position, index)

    def _waits(self, batch: Batch, index: int) -> bool:
        item = self.store.get_item(batch.owner, batch.id, index)
        return item is not None and status_of(batch, item) is ItemStatus.PENDING
