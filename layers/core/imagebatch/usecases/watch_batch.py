"""Live progress: the changes since a client's last event, as soon as there are any."""

from collections.abc import Sequence
from itertools import pairwise

from imagebatch.domain.batch import Batch
from imagebatch.domain.effective_status import effective_item_status, waits_in_round
from imagebatch.domain.item import Item
from imagebatch.domain.statuses import FINISHED, ItemStatus
from imagebatch.ports.clock import TimeLeft
from imagebatch.ports.records import Change
from imagebatch.structs import Struct
from imagebatch.usecases.records import BatchRepository
from imagebatch.usecases.watcher_places import HoldPlace

MAX_CHANGES_PER_RESPONSE = 1_000
MAX_WAIT_SECONDS = 20.0
"""Well under the gateway's 30 s."""
SAFETY_MARGIN_SECONDS = 5.0
POLL_SECONDS = 1.0
"""An idle event stream costs one small read a second."""


class ProgressUpdate(Struct, frozen=True):
    """`changes` lead up to `seq`; `items` are those that a change of the whole batch affected.

    `is_news` is false if there is nothing to report after a wait, `is_final` is true if the batch
    has finished and nothing is left to report.
    """

    batch: Batch
    seq: int
    changes: Sequence[Change]
    items: Sequence[tuple[int, Item, ItemStatus]] = ()
    is_news: bool = True
    is_final: bool = False


class WatchBatch(Struct, frozen=True):
    records: BatchRepository
    hold_place: HoldPlace

    def __call__(
        self, owner: str, batch_id: str, after: int | None, time_left: TimeLeft
    ) -> ProgressUpdate | None:
        """Return the news after change number `after`; immediately without one. None if the stream
        has ended.

        NotFoundError for an unknown batch, TooManyRequestsError if it would have to wait and its
        owner has no place for that. After a wait without changes, returns news without changes.
        """
        batch = self.records.batch(owner, batch_id)
        if after is None:
            return self._progress_since(batch, 0)
        if after > batch.version:
            after = 0
        if batch.version == after:
            if batch.finished:
                return None
            with self.hold_place(owner, time_left()):
                self._wait(batch, after, time_left)
            batch = self.records.batch(owner, batch_id)
        return self._progress_since(batch, after)

    def _wait(self, batch: Batch, after: int, time_left: TimeLeft) -> None:
        clock, store = self.records.clock, self.records.store
        until = time_left() - min(MAX_WAIT_SECONDS, time_left() - SAFETY_MARGIN_SECONDS)
        while time_left() > until and not store.changes(batch.owner, batch.id, after, 1):
            clock.sleep(POLL_SECONDS)

    def _progress_since(self, batch: Batch, after: int) -> ProgressUpdate | None:
        store = self.records.store
        start = max(0, after - 1)
        found = store.changes(batch.owner, batch.id, start, MAX_CHANGES_PER_RESPONSE)
        known = [change for change in found if change.seq <= batch.version]
        if _end_was_reported(known, after):
            return None
        changes = [change for change in known if change.seq > after]
        if len(found) < MAX_CHANGES_PER_RESPONSE:
            # An unreadable change is not among them, and nobody may wait for it.
            seq = max(after, batch.version)
        else:
            seq = changes[-1].seq if changes else after
        return ProgressUpdate(
            batch,
            seq,
            _latest_per_item(changes),
            self._items_changed_in_bulk(batch, known),
            is_news=seq > after or not seq,
            is_final=batch.finished and seq == batch.version,
        )

    def _items_changed_in_bulk(
        self, batch: Batch, known: Sequence[Change]
    ) -> Sequence[tuple[int, Item, ItemStatus]]:
        """Return the items that a cancel, a retry or a redo changed without writing their
        records.
        """
        bulk_changes = [
            change.seq
            for before, change in pairwise(known)
            for status in (ItemStatus.SUCCEEDED, ItemStatus.CANCELLED, ItemStatus.PENDING)
            if change.item is None and _count(change, status) > _count(before, status)
        ]
        if not bulk_changes:
            return ()
        return [
            (bulk_changes[-1], item, effective_item_status(batch, item))
            for item in self.records.store.items(batch.owner, batch.id)
            if waits_in_round(batch, item)
        ]


def _end_was_reported(known: Sequence[Change], after: int) -> bool:
    """Whether change `after` ended the batch, and nothing visible has happened since."""
    began_with_it = bool(known) and known[0].seq == after
    return began_with_it and all(change.status in FINISHED for change in known)


def _count(change: Change, status: ItemStatus) -> int:
    return int(getattr(change.counts, status))


def _latest_per_item(changes: Sequence[Change]) -> list[Change]:
    """Report an item's current state, not each step on the way."""
    last = {c.item.index: c.seq for c in changes if c.item is not None}
    return [c for c in changes if c.item is None or last[c.item.index] == c.seq]
