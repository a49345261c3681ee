"""Decides how a claimed item continues: resume its prediction, create one, or settle it."""

from datetime import datetime

from imagebatch.domain import charges, fallback, transitions
from imagebatch.domain.batch import Batch
from imagebatch.domain.errors import Failure
from imagebatch.domain.item import TRIES, Item
from imagebatch.domain.statuses import BatchStatus
from imagebatch.usecases.process_item.decide.settle import requeue, settled
from imagebatch.usecases.process_item.decide.step import (
    BUDGET,
    CRASHED,
    DEADLINE,
    LOST_ANSWER,
    UNAVAILABLE,
    Delivery,
    Step,
)
from imagebatch.usecases.process_item.effects import (
    AskBreaker,
    CreatePrediction,
    FindCreated,
    ResumePrediction,
)


def proceed(
    batch: Batch,
    item: Item,
    now: datetime,
    delivery: Delivery,
    failure: Failure | None = None,
    admitted: str | None = None,
) -> Step:
    """`failure` is how the last attempt ended, `admitted` the model that may be used.

    A create whose response was never saved has ended by now: its result is looked for before
    anything else is created.
    """
    if item.state.create_in_flight:
        return Step(batch, item, (FindCreated(),))
    if item.state.prediction is not None:
        return Step(batch, item, (ResumePrediction(),))
    if batch.status is BatchStatus.CANCELLING:
        return settled(*transitions.cancel_item(batch, item, now), delivery)
    reason = _reason_not_to_create(batch, item, now, delivery, failure)
    if reason is not None:
        return settled(*transitions.fail(batch, item, reason, now), delivery)
    model = fallback.usable_model(batch, item, now, delivery.policy)
    if model is None or now >= delivery.create_until:
        return requeue(batch, item, now, delivery)
    if model != admitted:
        return Step(batch, item, (AskBreaker(model),))
    return Step(*charges.begin_create(batch, item, now, model), (CreatePrediction(),))


def _reason_not_to_create(
    batch: Batch, item: Item, now: datetime, delivery: Delivery, failure: Failure | None
) -> Failure | None:
    if batch.state.abort_reason is not None:
        return batch.state.abort_reason
    exhausted = _exhausted(batch, item, now, delivery)
    if exhausted is not None:
        return failure or exhausted
    return None if charges.affordable(batch, item) else BUDGET


def _exhausted(batch: Batch, item: Item, now: datetime, delivery: Delivery) -> Failure | None:
    """Return why the item has no attempt left; the failure of an earlier attempt precedes it."""
    if not delivery.may_create:
        return CRASHED
    if item.state.round_attempts >= TRIES:
        return LOST_ANSWER if item.state.failing_since else CRASHED
    if item.state.is_overdue(now):
        return DEADLINE
    if fallback.next_look(batch, item, now, delivery.policy) is None:
        return UNAVAILABLE
    return None


def end_attempt(
    batch: Batch, item: Item, failure: Failure, now: datetime, delivery: Delivery, *, billed: bool
) -> Step:
    """Start another attempt if attempts and time remain, otherwise fail the item with `failure`."""
    ended = (
        charges.capture_cost(batch, item) if billed else charges.release_reservation(batch, item)
    )
    return proceed(*ended, now, delivery, failure)
