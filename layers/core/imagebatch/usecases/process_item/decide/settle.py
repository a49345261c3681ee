"""The item is settled, or given back to its queue."""

from collections.abc import Sequence
from datetime import datetime

from imagebatch.domain import transitions
from imagebatch.domain.batch import SETTLED, Batch, BatchStatus, Item
from imagebatch.domain.dispatch_window import admit_next
from imagebatch.domain.errors import Failure
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
    """A prediction that exists may have been billed, whoever can collect it."""
    if item.prediction is not None:
        batch, item = transitions.capture_cost(batch, item)
    if batch.status is BatchStatus.CANCELLING and not delivery.may_create:
        return settled(*transitions.cancel_item(batch, item, now), delivery)
    return settled(*transitions.fail(batch, item, failure, now), delivery)


def settled(batch: Batch, item: Item, delivery: Delivery) -> Step:
    batch, item = admit_next(batch, item, delivery.window)
    return Step(batch, item, after_settle(batch, item, repeated=False))


def after_settle(batch: Batch, item: Item, *, repeated: bool) -> Sequence[Effect]:
    if batch.status is BatchStatus.ARCHIVING:
        return (StartFinalizer(), Done())
    if batch.status is BatchStatus.PROCESSING and item.round == batch.round and item.releases:
        return (EnqueueNext(item.releases, repeated), Done())
    return (Done(),)


def requeued(batch: Batch, item: Item, now: datetime, delivery: Delivery) -> Step:
    if item.status in SETTLED:
        return settled(batch, item, delivery)
    return Step(batch, item, (RedeliverAfter(seconds_to_wait(batch, now)),))


def seconds_to_wait(batch: Batch, now: datetime) -> float:
    waiting = batch.waiting_for(now)
    return (waiting.until - now).total_seconds() if waiting else 0.0
