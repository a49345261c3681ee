"""Decisions after a create, and after looking for a lost one."""

from datetime import datetime, timedelta

from imagebatch.domain import charges, fallback, rounds, transitions
from imagebatch.domain.batch import Batch
from imagebatch.domain.errors import Failure
from imagebatch.domain.item import TRIES, Item
from imagebatch.domain.round_state import BlockReason
from imagebatch.domain.statuses import BatchStatus
from imagebatch.structs import replace
from imagebatch.usecases.process_item.decide.collect import polled
from imagebatch.usecases.process_item.decide.proceed import proceed
from imagebatch.usecases.process_item.decide.settle import requeue, settled
from imagebatch.usecases.process_item.decide.step import (
    MAX_THROTTLED,
    THROTTLED,
    Delivery,
    Step,
)
from imagebatch.usecases.process_item.effects import (
    AbandonPrediction,
    Effect,
    RedeliverAfter,
    ReturnUntil,
)
from imagebatch.usecases.process_item.events import (
    CreateAbsent,
    Created,
    CreateFailed,
    CreateUndecided,
    Event,
    LookupFailed,
    ModelGone,
    Polled,
    Throttled,
)


def decide_create(
    batch: Batch, item: Item, event: Event, now: datetime, delivery: Delivery
) -> Step:
    """A lookup that our own failure interrupted counts as failed."""
    match event:
        case Created():
            return created(batch, item, event, now, delivery)
        case CreateFailed():
            return create_failed(batch, item, event, now, delivery)
        case Throttled():
            return throttled(batch, item, event, now, delivery)
        case ModelGone():
            return model_gone(batch, item, event, now, delivery)
        case CreateAbsent():
            return absent(batch, item, now, delivery)
        case CreateUndecided():
            return undecided(batch, item, now, delivery)
        case LookupFailed() | Polled():
            return lookup_failed(batch, item, now, delivery)
    raise TypeError(f"{event} is no answer to a create")


def created(batch: Batch, item: Item, event: Created, now: datetime, delivery: Delivery) -> Step:
    saved = charges.record_prediction_id(item, event.prediction.id)
    batch = fallback.renew(batch, item.model, now)
    step = polled(batch, saved, Polled(event.prediction, event.poll_at), now, delivery)
    return replace(step, if_not_stored=AbandonPrediction(event.prediction.id))


def throttled(
    batch: Batch, item: Item, event: Throttled, now: datetime, delivery: Delivery
) -> Step:
    until = now + timedelta(seconds=event.retry_after)
    batch = fallback.block_model(batch, item.model, BlockReason.RATE_LIMITED, now, until)
    batch, item = charges.undo_create(batch, item)
    if batch.status is BatchStatus.CANCELLING or _another_model(batch, item, now, delivery):
        return proceed(batch, item, now, delivery)
    block = fallback.block_of(batch, item.model)
    if block is not None and now - block.since >= MAX_THROTTLED:
        stopped = transitions.fail(rounds.abort_round(batch, THROTTLED), item, THROTTLED, now)
        return settled(*stopped, delivery)
    return requeue(batch, item, now, delivery)


def model_gone(
    batch: Batch, item: Item, event: ModelGone, now: datetime, delivery: Delivery
) -> Step:
    """Continue with the next model of the chain; without one the round is over."""
    batch = fallback.block_model(batch, item.model, BlockReason.GONE, now, None)
    batch, item = charges.undo_create(batch, item)
    if all(fallback.is_gone(batch, model) for model in batch.chain):
        batch = rounds.abort_round(batch, event.failure)
    return proceed(batch, item, now, delivery, event.failure)


def create_failed(
    batch: Batch, item: Item, event: CreateFailed, now: datetime, delivery: Delivery
) -> Step:
    if event.open_until is not None:
        reason = BlockReason.UNAVAILABLE
        batch = fallback.block_model(batch, item.model, reason, now, event.open_until)
    item = replace(item, state=item.state.record_failed_create(now))
    if event.maybe_billed:
        return _look_later(batch, item, now, delivery)
    return nothing_created(batch, item, event.failure, now, delivery)


def nothing_created(
    batch: Batch, item: Item, failure: Failure, now: datetime, delivery: Delivery
) -> Step:
    """During an outage, a create that generated nothing is not an attempt."""
    if delivery.policy.exhausted(_failing_since(batch, item), now):
        batch, item = charges.release_reservation(batch, item)
    else:
        batch, item = charges.undo_create(batch, item)
    over = item.state.round_attempts >= TRIES or batch.status is BatchStatus.CANCELLING
    if over or _another_model(batch, item, now, delivery):
        return proceed(batch, item, now, delivery, failure)
    return requeue(batch, item, now, delivery, _pause(item, now, delivery))


def _look_later(batch: Batch, item: Item, now: datetime, delivery: Delivery) -> Step:
    """A new prediction does not appear in the provider's list immediately: until it can, the lease
    keeps every other delivery from looking.
    """
    pause = _pause(item, now, delivery)
    lease = replace(delivery.lease, until=now + timedelta(seconds=pause))
    effect: Effect = RedeliverAfter(pause) if delivery.may_create else ReturnUntil(lease.until)
    return Step(batch, item.with_lease(lease), (effect,))


def absent(batch: Batch, item: Item, now: datetime, delivery: Delivery) -> Step:
    """Nothing was generated, and the time until that was known does not count for the item."""
    item = replace(item, state=replace(item.state, deadline=now + delivery.time_limit))
    if delivery.policy.exhausted(_failing_since(batch, item), now):
        ended = charges.release_reservation(batch, item)
    else:
        ended = charges.undo_create(batch, item)
    return proceed(*ended, now, delivery)


def undecided(batch: Batch, item: Item, now: datetime, delivery: Delivery) -> Step:
    """Counts as spent, and no other model may generate the image a second time."""
    state = replace(item.state, model_fixed=True, deadline=now + delivery.time_limit)
    item = replace(item, state=state)
    return proceed(*charges.capture_cost(batch, item), now, delivery)


def lookup_failed(batch: Batch, item: Item, now: datetime, delivery: Delivery) -> Step:
    """The provider is asked again for as long as an outage may last, counted from the first lookup:
    after a killed worker that one comes long after the create.
    """
    item = replace(item, state=item.state.record_failed_lookup(now))
    over = delivery.policy.exhausted(item.state.lookup_failing_since, now)
    if over or batch.status is BatchStatus.CANCELLING:
        return undecided(batch, item, now, delivery)
    return _look_later(batch, item, now, delivery)


def _another_model(batch: Batch, item: Item, now: datetime, delivery: Delivery) -> bool:
    """Whether a model other than the last one may be used immediately."""
    return fallback.usable_model(batch, item, now, delivery.policy) not in (None, item.model)


def _failing_since(batch: Batch, item: Item) -> datetime | None:
    """The item's own creates, or all of the model's: whichever have failed for longer."""
    block = fallback.block_of(batch, item.model)
    unavailable = block is not None and block.reason == BlockReason.UNAVAILABLE
    times = (item.state.failing_since, block.since if block and unavailable else None)
    return min((time for time in times if time is not None), default=None)


def _pause(item: Item, now: datetime, delivery: Delivery) -> float:
    since = item.state.failing_since or item.state.create_started_at or now
    return delivery.policy.pause(since, now).total_seconds()
