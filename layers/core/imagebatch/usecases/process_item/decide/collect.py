"""Decisions after a poll, and after collecting the output."""

from datetime import datetime, timedelta

from imagebatch.domain import charges, rounds, transitions
from imagebatch.domain.batch import Batch
from imagebatch.domain.errors import Failure
from imagebatch.domain.item import Item
from imagebatch.domain.statuses import BatchStatus
from imagebatch.ports.providers import Prediction, PredictionStatus
from imagebatch.structs import replace
from imagebatch.usecases.process_item.decide.proceed import end_attempt
from imagebatch.usecases.process_item.decide.settle import fail_as_billed, settled
from imagebatch.usecases.process_item.decide.step import (
    ASK_AGAIN_SECONDS,
    CANCEL_GRACE,
    CANCELLED_COLLECT_GRACE,
    COLLECT_GRACE,
    CRASHED,
    DEADLINE,
    NO_REASON,
    RESUME_SECONDS,
    STOPPED,
    Delivery,
    Step,
)
from imagebatch.usecases.process_item.effects import (
    CancelPrediction,
    CollectImage,
    Poll,
    RedeliverAfter,
    ReturnUntil,
)
from imagebatch.usecases.process_item.events import OutputUnfit, Polled


def polled(batch: Batch, item: Item, event: Polled, now: datetime, delivery: Delivery) -> Step:
    prediction = event.prediction
    if prediction is None and not delivery.may_create:
        return collect_later(batch, item, CRASHED, now, delivery)
    if prediction is None or prediction.status is PredictionStatus.RUNNING:
        return _still_running(batch, item, event, now, delivery)
    if prediction.status is PredictionStatus.SUCCEEDED:
        return Step(batch, item, (CollectImage(prediction),))
    if prediction.status is PredictionStatus.CANCELLED:
        return _cancelled(batch, item, now, delivery)
    return _failed(batch, item, prediction, now, delivery)


def _failed(
    batch: Batch, item: Item, prediction: Prediction, now: datetime, delivery: Delivery
) -> Step:
    failure = prediction.failure or NO_REASON
    if prediction.try_again:
        return end_attempt(batch, item, failure, now, delivery, billed=prediction.billed)
    if prediction.billed:
        batch, item = charges.capture_cost(batch, item)
    return settled(*transitions.fail(batch, item, failure, now), delivery)


def _still_running(
    batch: Batch, item: Item, event: Polled, now: datetime, delivery: Delivery
) -> Step:
    unwanted_since = _unwanted_since(batch, item, now, delivery)
    if unwanted_since is not None and not event.cancel_requested:
        return Step(batch, item, (CancelPrediction(),))
    if unwanted_since is not None and now >= unwanted_since + CANCEL_GRACE:
        # The outcome is unknown, so it may have been billed.
        return _cancelled(*charges.capture_cost(batch, item), now, delivery)
    if not delivery.may_create:
        return fail_as_billed(batch, item, CRASHED, now, delivery)
    if now >= delivery.poll_until:
        return Step(batch, transitions.release_lease(item), (RedeliverAfter(RESUME_SECONDS),))
    return Step(batch, item, (Poll(event.poll_at or now, event.cancel_requested),))


def _unwanted_since(batch: Batch, item: Item, now: datetime, delivery: Delivery) -> datetime | None:
    times = (
        batch.cancelling_at,
        item.state.deadline if item.state.is_overdue(now) else None,
        None if delivery.may_create else now,
    )
    return min((time for time in times if time is not None), default=None)


def _cancelled(batch: Batch, item: Item, now: datetime, delivery: Delivery) -> Step:
    if batch.status is BatchStatus.CANCELLING:
        return settled(*transitions.cancel_item(batch, item, now), delivery)
    if item.state.is_overdue(now):
        return settled(*transitions.fail(batch, item, DEADLINE, now), delivery)
    failure = STOPPED if delivery.may_create else CRASHED
    return end_attempt(batch, item, failure, now, delivery, billed=False)


def unfit(batch: Batch, item: Item, event: OutputUnfit, now: datetime, delivery: Delivery) -> Step:
    """A fault of the first image would affect all images: the round pays for no other."""
    stopped = rounds.abort_round(batch, event.failure)
    kept = replace(item, state=replace(item.state, unfit_image=event.image))
    return fail_as_billed(stopped, kept, event.failure, now, delivery)


def collect_later(
    batch: Batch, item: Item, failure: Failure, now: datetime, delivery: Delivery
) -> Step:
    """An image that was paid for is asked for until some time after the item's own is over, or a
    short while after a cancel, which somebody waits for.
    """
    cancelled_at = batch.cancelling_at
    if cancelled_at is not None and now >= cancelled_at + CANCELLED_COLLECT_GRACE:
        return _cancelled(*charges.capture_cost(batch, item), now, delivery)
    if item.state.deadline is None or item.state.is_overdue(now - COLLECT_GRACE):
        reason = failure if delivery.may_create else CRASHED
        return fail_as_billed(batch, item, reason, now, delivery)
    released = transitions.release_lease(item)
    if delivery.may_create:
        return Step(batch, released, (RedeliverAfter(RESUME_SECONDS),))
    return Step(batch, released, (ReturnUntil(now + timedelta(seconds=ASK_AGAIN_SECONDS)),))
