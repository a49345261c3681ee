"""Settles an item, or returns it to its queue."""

from collections.abc import Sequence
from datetime import datetime

from imagebatch.domain import charges, fallback, transitions
from imagebatch.domain.batch import Batch
from imagebatch.domain.dispatch_window import admit_next
from imagebatch.domain.errors import Failure
from imagebatch.domain.item import Item
from imagebatch.domain.statuses import SETTLED, BatchStatus
from imagebatch.usecases.process_item.decide.step import Delivery, Step
from imagebatch.usecases.process_item.effects import (
    Done,
    Effect,
    EnqueueNext,
    RedeliverAfter,
    StartFinalizer,
)


def fail_as_billed(
    batch: Batch, item: Item, failure: Failure, now: datetime, delivery: Delivery
) -> Step:
    """An existing prediction may have been billed, even if it cannot be collected."""
    if item.state.prediction is not None:
        batch, item = charges.capture_cost(batch, item)
    if batch.status is BatchStatus.CANCELLING and not delivery.may_create:
        return settled(*transitions.cancel_item(batch, item, now), delivery)
    return settled(*transitions.fail(batch, item, failure, now), delivery)


def settled(batch: Batch, item: Item, delivery: Delivery) -> Step:
    batch, item = admit_next(batch, item, delivery.window)
    return Step(batch, item, after_settle(batch, item, repeated=False))


def after_settle(batch: Batch, item: Item, *, repeated: bool) -> Sequence[Effect]:
    if batch.status is BatchStatus.ARCHIVING:
        return (StartFinalizer(), Done())
    if (
        batch.status is BatchStatus.PROCESSING
        and item.round == batch.round
        and item.state.enqueued_positions
    ):
        return (EnqueueNext(item.state.enqueued_positions, repeated), Done())
    return (Done(),)


def requeue(
    batch: Batch, item: Item, now: datetime, delivery: Delivery, pause: float = 0.0
) -> Step:
    """Return a claimed item to pending for as long as its models are unavailable."""
    batch, item = transitions.requeue(batch, item, now)
    if item.status in SETTLED:
        return settled(batch, item, delivery)
    batch = fallback.show_waiting(batch, item, now, delivery.policy)
    return Step(batch, item, (redeliver(batch, item, now, delivery, pause),))


def redeliver(
    batch: Batch, item: Item, now: datetime, delivery: Delivery, pause: float = 0.0
) -> RedeliverAfter:
    until = fallback.next_look(batch, item, now, delivery.policy) or now
    return RedeliverAfter(max(pause, (until - now).total_seconds()))
