"""Sends events about settled items and ended batches to the event bus, after the write.

Events are derived from the changes: a change that the feed delivers twice gives the same event with
the same ID.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from imagebatch.domain.batch import Batch
from imagebatch.domain.effective_status import effective_item_status
from imagebatch.domain.item import Item
from imagebatch.domain.statuses import FINISHED, SETTLED, ItemStatus
from imagebatch.ports.change_feed import ChangeFeed, FedChange
from imagebatch.ports.event_bus import FINISHED_KINDS, ITEM_SETTLED, BusEvent, EventBus
from imagebatch.ports.records import Change, ItemChange
from imagebatch.structs import Struct, replace

type Body = Callable[[Batch], Mapping[str, Any]]


class PublishEvents(Struct, frozen=True):
    feed: ChangeFeed
    bus: EventBus
    body: Body
    """The webhook's body, for an ended batch."""

    def __call__(self, records: Sequence[Mapping[str, Any]]) -> int:
        """Return how many were sent. UnavailableError if the same records must be delivered
        again.
        """
        events = [event for fed in self.feed.changes(records) for event in self._events(fed)]
        if events:
            self.bus.put(events)
        return len(events)

    def _events(self, fed: FedChange) -> Iterator[BusEvent]:
        change = fed.change
        if change.item is not None:
            # An item of a finished batch changes when a user chooses a version; it settled before.
            if change.item.status in SETTLED and change.status not in FINISHED:
                yield from self._settled(fed, [(change.item, change.item.status)])
            return
        before = self.feed.before(fed)
        if before is None:
            return
        if change.status in FINISHED and before.status not in FINISHED:
            yield from self._ended(fed)
        elif change.counts.cancelled > before.counts.cancelled:
            yield from self._cancelled(fed)

    def _ended(self, fed: FedChange) -> Iterator[BusEvent]:
        batch = self.feed.batch(fed.place)
        if batch is not None:
            body = self.body(_as_it_ended(batch, fed.change))
            detail = {"id": f"{batch.id}-{fed.change.seq}", **body}
            yield BusEvent(FINISHED_KINDS[fed.change.status], detail)

    def _cancelled(self, fed: FedChange) -> Iterator[BusEvent]:
        """A cancel settles items without writing their records."""
        batch = self.feed.batch(fed.place)
        if batch is None:
            return
        found = [
            (item, ItemStatus.CANCELLED)
            for item in self.feed.items(fed.place)
            if item.status is not ItemStatus.CANCELLED
            and effective_item_status(batch, item) is ItemStatus.CANCELLED
        ]
        yield from self._settled(fed, found)

    def _settled(
        self, fed: FedChange, items: Sequence[tuple[Item | ItemChange, ItemStatus]]
    ) -> Iterator[BusEvent]:
        batch = self.feed.batch(fed.place)
        if batch is None:
            return
        for item, status in items:
            yield BusEvent(ITEM_SETTLED, _item_detail(batch, fed.change, item, status))


def _as_it_ended(batch: Batch, change: Change) -> Batch:
    """The batch may be in its next round by now, and then knows no longer when this one ended."""
    round_ = batch.round if batch.finished else batch.round - 1
    ended = (batch.finished and batch.finished_at) or change.at
    state = replace(batch.state, status=change.status, counts=change.counts, round=round_)
    return replace(batch, state=state, finished_at=ended)


def _item_detail(
    batch: Batch, change: Change, item: Item | ItemChange, status: ItemStatus
) -> dict[str, Any]:
    """As in the stream, without URLs, file names and prompts."""
    failure = item.failure if status is ItemStatus.FAILED else None
    return {
        "id": f"{batch.id}-{change.seq}-{item.index}",
        "batch_id": batch.id,
        "round": batch.round if isinstance(item, Item) else item.round,
        "index": item.index,
        "custom_id": item.custom_id,
        "row": item.row,
        "status": status.value,
        "code": failure.code.value if failure else None,
        "reason": failure.reason if failure else None,
        "retryable": failure.code.retryable if failure else None,
    }
