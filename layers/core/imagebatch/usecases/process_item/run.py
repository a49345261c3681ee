"""Processes one delivery of an item's message: decide, store, perform, until nothing is left.

The worker and the dead-letter function run the same loop; the latter's deliveries create nothing.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from imagebatch.domain.batch import Batch
from imagebatch.domain.effective_status import effective_item_status
from imagebatch.domain.errors import ConflictError, UnavailableError
from imagebatch.domain.fallback import STANDARD_POLICY, OutagePolicy
from imagebatch.domain.item import Item
from imagebatch.domain.item_state import Lease
from imagebatch.domain.statuses import SETTLED, ItemStatus
from imagebatch.ports.finalizer import Finalizer
from imagebatch.ports.item_queue import ItemMessage, ItemQueue, RetryLater
from imagebatch.ports.providers import PredictionStatus
from imagebatch.ports.telemetry import Telemetry
from imagebatch.structs import Struct
from imagebatch.usecases.process_item.decide import Delivery, Step, decide
from imagebatch.usecases.process_item.effects import (
    CollectImage,
    Done,
    Effect,
    EnqueueNext,
    Poll,
    RedeliverAfter,
    ReturnUntil,
    StartFinalizer,
)
from imagebatch.usecases.process_item.events import Event, Polled, Received
from imagebatch.usecases.process_item.perform import PerformEffect
from imagebatch.usecases.records import BatchRepository

LEASE_MARGIN = timedelta(seconds=5)
"""How long a lease outlasts its invocation, which has certainly ended by then."""
SETTLE_SECONDS, SETTLE_FRACTION = 8.0, 0.25
"""Reserved for storing and settling: this many seconds, or this share of a short invocation."""
CREATE_SECONDS, CREATE_FRACTION = 25.0, 0.5
"""No further create begins with less time left than this."""
BATCH_CHECK_INTERVAL = timedelta(seconds=2)
"""A cancelled batch is noticed within this time, or at a poll that is due shortly after."""
POLL_SOON = timedelta(seconds=0.5)
"""The batch is not read shortly before a poll: the read would delay it, and the image of a finished
prediction is collected whatever became of the batch.
"""
CROWDED_SECONDS = 1.0
"""A longer wait in the queue means that the workers are busy with other batches. Messages that open
a round do not count: they may have waited for workers to start.
"""

type Pair = tuple[Batch, Item]


class ProcessItem(Struct, frozen=True):
    """`may_create` is false for the dead-letter function, which settles in any case."""

    records: BatchRepository
    queue: ItemQueue
    finalizer: Finalizer
    perform: PerformEffect
    telemetry: Telemetry
    time_limit: timedelta
    workers: int
    may_create: bool = True
    policy: OutagePolicy = STANDARD_POLICY

    def __call__(self, message: ItemMessage, ends_at: datetime) -> RetryLater | None:
        """Return None if the message may be acknowledged: everything it decided is stored
        by then.
        """
        found = self.records.find(message.owner, message.batch_id, message.index)
        if found is None:
            return None
        batch, item = found
        read_at = self._now()
        delivery = self._delivery(message, ends_at)
        event: Event = Received()
        while True:
            batch, item, (*before, last) = self._advance(batch, item, event, delivery)
            for effect in before:
                self._hand_on(effect, batch)
            if isinstance(last, Done | ReturnUntil | RedeliverAfter):
                return self._end(last, message)
            event = self._perform(last, batch, item, delivery, read_at)
            if isinstance(last, CollectImage) or self._is_check_due(event, read_at):
                # A settle over a batch that has changed since fails, and is billed.
                batch = self.records.batch(batch.owner, batch.id)
                read_at = self._now()

    def _is_check_due(self, event: Event, read_at: datetime) -> bool:
        if not isinstance(event, Polled) or self._now() < read_at + BATCH_CHECK_INTERVAL:
            return False
        found = event.prediction
        return found is None or found.status is not PredictionStatus.SUCCEEDED

    def _hand_on(self, effect: Effect, batch: Batch) -> None:
        """Continue after a settled item: the round's archive, or the next of its items."""
        if isinstance(effect, StartFinalizer):
            self.finalizer.start(batch.owner, batch.id, batch.round, batch.state.attempt)
        elif isinstance(effect, EnqueueNext):
            self.queue.send(list(self._messages(batch, effect)))

    def _end(
        self, effect: Done | ReturnUntil | RedeliverAfter, message: ItemMessage
    ) -> RetryLater | None:
        if isinstance(effect, ReturnUntil):
            return RetryLater(effect.until)
        if isinstance(effect, RedeliverAfter):
            spread = 1 + self.records.random.jitter() / 4
            self.queue.send([message], delay=max(1.0, effect.seconds) * spread)
        return None

    def _delivery(self, message: ItemMessage, ends_at: datetime) -> Delivery:
        seconds = (ends_at - self._now()).total_seconds()
        kept = min(SETTLE_SECONDS, SETTLE_FRACTION * seconds)
        needed = min(CREATE_SECONDS, CREATE_FRACTION * seconds)
        crowded = message.queue_wait_seconds > CROWDED_SECONDS and message.position >= self.workers
        return Delivery(
            round=message.round,
            lease=Lease(self.records.random.new_id(), ends_at + LEASE_MARGIN),
            time_limit=self.time_limit,
            window=-(-self.workers // 2) if crowded else self.workers,
            create_until=ends_at - timedelta(seconds=needed),
            poll_until=ends_at - timedelta(seconds=kept),
            may_create=self.may_create,
            policy=self.policy,
        )

    def _advance(
        self, batch: Batch, item: Item, event: Event, delivery: Delivery
    ) -> tuple[Batch, Item, tuple[Effect, ...]]:
        """Decide and store, first on the state at hand, then on a fresh one after each conflict."""
        for lost in self.records.attempts():
            if lost:
                batch, item = self.records.reload(batch, item)
            step = decide(batch, item, event, self._now(), delivery)
            try:
                stored = self._store(batch, item, step)
            except ConflictError:
                continue
            else:
                if (
                    effective_item_status(batch, item) not in SETTLED
                    and effective_item_status(*stored) in SETTLED
                ):
                    self.telemetry.settled(*stored)
                return *stored, tuple(step.effects)
        raise UnavailableError("the batch changed faster than the item could be written")

    def _store(self, batch: Batch, item: Item, step: Step) -> Pair:
        try:
            return self.records.save((batch, item), (step.batch, step.item))
        except UnavailableError:
            if step.if_not_stored is not None:
                self.perform(step.if_not_stored, batch, item, self._now())
            raise

    def _perform(
        self, effect: Effect, batch: Batch, item: Item, delivery: Delivery, read_at: datetime
    ) -> Event:
        check_at = read_at + BATCH_CHECK_INTERVAL
        if isinstance(effect, Poll) and effect.at <= check_at + POLL_SOON:
            check_at = max(check_at, effect.at)
        stop_waiting = min(check_at, delivery.poll_until)
        if self.may_create:
            return self.perform(effect, batch, item, stop_waiting)
        try:
            return self.perform(effect, batch, item, stop_waiting)
        except Exception as error:  # noqa: BLE001 - the last resort: nothing may keep a batch open
            reason = f"{type(error).__name__}: {error}"[:500]
            self.telemetry.log_event("image not collected", batch_id=batch.id, reason=reason)
            return Polled(None)

    def _messages(self, batch: Batch, effect: EnqueueNext) -> Iterator[ItemMessage]:
        store = self.records.store
        for position in effect.positions:
            index = store.round_entry(batch.owner, batch.id, batch.round, position)
            if index is None or (effect.repeated and not self._is_pending(batch, index)):
                continue
            yield ItemMessage(batch.owner, batch.id, batch.round, position, index)

    def _is_pending(self, batch: Batch, index: int) -> bool:
        item = self.records.store.get_item(batch.owner, batch.id, index)
        return item is not None and effective_item_status(batch, item) is ItemStatus.PENDING

    def _now(self) -> datetime:
        return self.records.clock.now()
