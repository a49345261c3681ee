"""Stores a round's items and enqueues its first messages."""

from collections.abc import Iterator, Sequence

from imagebatch.domain.batch import Batch
from imagebatch.domain.batch_manifest import decode_manifest
from imagebatch.domain.dispatch_window import enqueue_initial_window
from imagebatch.domain.effective_status import effective_item_status
from imagebatch.domain.errors import UnavailableError
from imagebatch.domain.item import Item
from imagebatch.domain.rounds import mark_dispatched
from imagebatch.domain.statuses import RUNNING, BatchStatus, ItemStatus
from imagebatch.ports.finalizer import Finalizer
from imagebatch.ports.item_queue import ItemMessage, ItemQueue
from imagebatch.ports.objects import ObjectStore
from imagebatch.structs import Struct
from imagebatch.usecases import keys
from imagebatch.usecases.folders import OpenFolders
from imagebatch.usecases.records import BatchRepository

OPEN = frozenset({ItemStatus.PENDING, ItemStatus.PROCESSING})


class DispatchItems(Struct, frozen=True):
    """Every item is stored before the first message is sent, and the list is written once.

    Repeating it from any point sends some messages twice, which is harmless, and changes nothing
    else.
    """

    records: BatchRepository
    media: ObjectStore
    queue: ItemQueue
    finalizer: Finalizer
    folders: OpenFolders
    workers: int

    def __call__(self, owner: str, batch_id: str, round_: int) -> Batch | None:
        store = self.records.store
        batch = store.get(owner, batch_id)
        if batch is None or batch.round != round_ or batch.finished:
            return batch
        if store.round_list(owner, batch_id, round_) is None:
            store.put_round(owner, batch_id, round_, self._open_indices(batch))
        if batch.state.last_dispatched_round < round_:
            batch = self._open_window(batch)
        if batch.status is BatchStatus.ARCHIVING:
            self.finalizer.start(owner, batch_id, batch.round, batch.state.attempt)
        elif batch.status in RUNNING and batch.round == round_:
            self.queue.send(list(self.open_messages(batch)))
        return batch

    def _open_window(self, batch: Batch) -> Batch:
        """Mark the round dispatched, once, and admit the first entries of its list."""
        now, round_ = self.records.clock.now(), batch.round
        return self.records.update(
            batch.owner,
            batch.id,
            lambda b: (
                enqueue_initial_window(mark_dispatched(b, now), self.workers)
                if b.round == round_ and b.state.last_dispatched_round < round_
                else b
            ),
        )

    def open_messages(self, batch: Batch) -> Iterator[ItemMessage]:
        """Return the admitted entries of the running round that have not ended."""
        store = self.records.store
        entries = store.round_list(batch.owner, batch.id, batch.round) or ()
        entries = entries[: batch.state.enqueued_count]
        positions = {index: position for position, index in enumerate(entries)}
        last = max(entries, default=-1)
        for item in store.items(batch.owner, batch.id, start=min(entries, default=0)):
            if item.index > last:
                return
            if item.index in positions and effective_item_status(batch, item) in OPEN:
                yield ItemMessage(
                    batch.owner, batch.id, batch.round, positions[item.index], item.index
                )

    def _open_indices(self, batch: Batch) -> Sequence[int]:
        items = self._stored_items(batch) if batch.round > 1 else self._new_items(batch)
        return [item.index for item in items if not item.rejected]

    def _new_items(self, batch: Batch) -> Sequence[Item]:
        body = self.media.get(keys.plan(batch.id))
        if body is None:
            raise UnavailableError("the batch's plan is not there")
        plan = decode_manifest(body)
        self.folders(batch, plan)
        items = [planned.to_item() for planned in plan.items]
        self.records.store.add_items(batch.owner, batch.id, items)
        return items

    def _stored_items(self, batch: Batch) -> Sequence[Item]:
        items = self.records.store.items(batch.owner, batch.id)
        return [item for item in items if effective_item_status(batch, item) is ItemStatus.PENDING]
