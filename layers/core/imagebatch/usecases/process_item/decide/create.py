"""A create was answered."""

from dataclasses import replace
from datetime import datetime, timedelta

from imagebatch.domain import rounds, transitions
from imagebatch.domain.batch import Batch, Item, Waiting
from imagebatch.usecases.process_item.decide.collect import polled
from imagebatch.usecases.process_item.decide.proceed import end_attempt
from imagebatch.usecases.process_item.decide.settle import requeued, settled
from imagebatch.usecases.process_item.decide.step import MAX_THROTTLED, THROTTLED, Delivery, Step
from imagebatch.usecases.process_item.effects import AbandonPrediction
from imagebatch.usecases.process_item.events import Created, CreateFailed, Polled, Throttled


def create_answered(
    batch: Batch,
    item: Item,
    event: Created | CreateFailed | Throttled,
    now: datetime,
    delivery: Delivery,
) -> Step:
    match event:
        case Created(prediction=prediction, next_poll=next_poll):
            saved = transitions.record_prediction_id(item, prediction.id)
            step = polled(batch, saved, Polled(prediction, next_poll), now, delivery)
            return replace(step, if_not_stored=AbandonPrediction(prediction.id))
        case CreateFailed(failure=failure, maybe_billed=billed):
            return end_attempt(batch, item, failure, now, delivery, billed=billed)
        case Throttled(retry_after=seconds):
            return _throttled(batch, item, seconds, now, delivery)


def _throttled(batch: Batch, item: Item, seconds: float, now: datetime, delivery: Delivery) -> Step:
    if transitions.throttled_for(batch, now) >= MAX_THROTTLED:
        stopped = transitions.fail(rounds.abort_round(batch, THROTTLED), item, THROTTLED, now)
        return settled(*stopped, delivery)
    waiting = Waiting("provider_rate_limit", now + timedelta(seconds=seconds))
    return requeued(*transitions.requeue(batch, item, now, waiting), now, delivery)
