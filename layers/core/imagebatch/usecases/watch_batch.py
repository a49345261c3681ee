"""Live progress: what has changed since a watcher last looked, as soon as there is something."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from imagebatch.domain.batch import FINISHED, Batch, Item, ItemStatus, effective_item_status
from imagebatch.ports import Change, TimeLeft
from imagebatch.usecases.records import BatchRepository

CHANGES_AN_ANSWER = 1_000
LONGEST_WAIT = 20.0
"""Well under the gateway's 30 s."""
MARGIN = 5.0
PAUSE = 1.0
"""An idle watcher costs one small read a second."""


@dataclass(frozen=True, slots=True)
class ProgressUpdate:
    """`changes` lead up to `seq`; `items` are those that a change of the whole batch moved.

    `over` is true when the batch has finished and nothing is left to tell.
    """

    batch: Batch
    seq: int
    changes: Sequence[Change]
    items: Sequence[tuple[int, Item, ItemStatus]] = ()
    over: bool = False


@dataclass(frozen=True, slots=True)
class WatchBatch:
    records: BatchRepository

    def __call__(
        self, owner: str, batch_id: str, after: int | None, time_left: TimeLeft
    ) -> ProgressUpdate | None:
        """News after change number `after`; at once without one. None when the stream has ended.

        NotFoundError for an unknown batch. News without changes after a wait in which nothing
        happened.
        """
        batch = self.records.batch(owner, batch_id)
        if after is None:
            return self._news(batch, 0)
        if after > batch.seq:
            after = 0
        if batch.seq == after:
            if batch.finished:
                return None
            self._wait(batch, after, time_left)
            batch = self.records.batch(owner, batch_id)
        return self._news(batch, after)

    def _wait(self, batch: Batch, after: int, time_left: TimeLeft) -> None:
        clock, store = self.records.clock, self.records.store
        until = time_left() - min(LONGEST_WAIT, time_left() - MARGIN)
        while time_left() > until and not store.changes(batch.owner, batch.id, after, 1):
            clock.sleep(PAUSE)

    def _news(self, batch: Batch, after: int) -> ProgressUpdate | None:
        store = self.records.store
        start = max(0, after - 1)
        found = store.changes(batch.owner, batch.id, start, CHANGES_AN_ANSWER)
        known = [change for change in found if change.seq <= batch.seq]
        if known and known[0].seq == after and all(c.status in FINISHED for c in known):
            return None  # the end was told, and nothing to be seen has happened since
        changes = [change for change in known if change.seq > after]
        seq = changes[-1].seq if changes else after
        return ProgressUpdate(
            batch,
            seq,
            _last_of_each(changes),
            self._moved(batch, known),
            over=batch.finished and seq == batch.seq,
        )

    def _moved(
        self, batch: Batch, known: Sequence[Change]
    ) -> Sequence[tuple[int, Item, ItemStatus]]:
        """Items that a cancel or a retry moved without touching their records."""
        moves = [
            (change.seq, status)
            for before, change in pairwise(known)
            for status in (ItemStatus.CANCELLED, ItemStatus.PENDING)
            if change.item is None and _count(change, status) > _count(before, status)
        ]
        if not moves:
            return ()
        seq, wanted = moves[-1]
        return [
            (seq, item, wanted)
            for item in self.records.store.items(batch.owner, batch.id)
            if item.status is not wanted and effective_item_status(batch, item) is wanted
        ]


def _count(change: Change, status: ItemStatus) -> int:
    return int(getattr(change.counts, status))


def _last_of_each(changes: Sequence[Change]) -> list[Change]:
    """A watcher is told where an item is now, not each step of its way there."""
    last = {c.item.index: c.seq for c in changes if c.item is not None}
    return [c for c in changes if c.item is None or last[c.item.index] == c.seq]
