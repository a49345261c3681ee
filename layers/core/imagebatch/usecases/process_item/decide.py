"""What happens to one item next: a pure function of its record, its batch and what just happened.

`decide` writes nothing and calls nobody. Its step is stored first, under the condition that neither
record has changed since it was read; then its effects are performed, and what comes of them is the
next event. docs/architecture.md draws the states; a test compares the drawing with this file.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from imagebatch.domain import rounds, transitions
from imagebatch.domain.batch import (
    SETTLED,
    TRIES,
    Batch,
    BatchStatus,
    Item,
    Lease,
    Waiting,
)
from imagebatch.domain.dispatch_window import admit_next
from imagebatch.domain.errors import Failure, FailureCode
from imagebatch.domain.transitions import DeliveryDecision
from imagebatch.ports import PredictionStatus
from imagebatch.usecases.process_item.effects import (
    AbandonPrediction,
    CancelPrediction,
    CollectImage,
    CreatePrediction,
    Done,
    Effect,
    EnqueueNext,
    Poll,
    RedeliverAfter,
    ResumePrediction,
    ReturnUntil,
    StartFinalizer,
)
from imagebatch.usecases.process_item.events import (
    Collected,
    Created,
    CreateFailed,
    Event,
    OutputUnavailable,
    OutputUnusable,
    Polled,
    ProviderClosed,
    Received,
    Rejected,
    Throttled,
)

RESUME_SECONDS = 2.0
ASK_AGAIN_SECONDS = 60.0
"""While a provider does not answer, the dead-letter function asks for its output so often."""
CANCEL_GRACE = timedelta(seconds=10)
"""How long a prediction that was told to stop may take to do so."""
COLLECT_GRACE = timedelta(minutes=10)
"""How long after its deadline a finished image that cannot be downloaded now is still asked for."""
MAX_THROTTLED = timedelta(hours=6)
"""How long a provider may answer nothing but 429 before the round is given up."""

LOST_ANSWER = Failure.of(
    FailureCode.PROVIDER_UNAVAILABLE, "The provider's answers were lost; nothing could be collected"
)
DEADLINE = Failure.of(
    FailureCode.DEADLINE_EXCEEDED, "The image was not ready within the time allowed for one item"
)
BUDGET = Failure.of(
    FailureCode.BUDGET_EXHAUSTED, "Not generated: the batch's maximum cost would have been exceeded"
)
THROTTLED = Failure.of(
    FailureCode.PROVIDER_RATE_LIMITED, "The provider rate-limited every request for six hours"
)
STOPPED = Failure.of(FailureCode.PROVIDER_UNAVAILABLE, "The provider cancelled the prediction")
NO_REASON = Failure.of(FailureCode.PROVIDER_REJECTED, "The provider failed and gave no reason")
CRASHED = Failure.of(
    FailureCode.CRASHED, "Internal error: the item failed repeatedly and was abandoned"
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery of an item's message, and what it may do.

    `window` is how many messages of the batch may be in the queue. The dead-letter function has a
    delivery that `may_create` nothing: it collects what was paid for and settles the item.
    """

    round: int
    lease: Lease
    time_limit: timedelta
    window: int
    create_until: datetime
    """A create that the end of the invocation cuts off may be paid for: later, none is begun."""
    poll_until: datetime
    may_create: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """Both records as they are to be stored, and what to do once they are."""

    batch: Batch
    item: Item
    effects: Sequence[Effect] = field(default=())
    if_not_stored: Effect | None = None
    """What to do when they could not be stored: somebody else was quicker, or the table fails."""


def decide(batch: Batch, item: Item, event: Event, now: datetime, delivery: Delivery) -> Step:
    if isinstance(event, Received):
        return _receive(batch, item, now, delivery)
    if item.lease is None or item.lease.token != delivery.lease.token:
        return _lease_lost(batch, item, event, now, delivery)
    match event:
        case Created() | CreateFailed() | Throttled():
            return _create_answered(batch, item, event, now, delivery)
        case Rejected(failure=failure):
            return _settled(*transitions.fail(batch, item, failure, now), delivery)
        case ProviderClosed(failure=failure):
            return _fail_as_billed(rounds.abort_round(batch, failure), item, failure, now, delivery)
        case Polled():
            return _polled(batch, item, event, now, delivery)
        case Collected(image=image, extension=extension):
            succeeded = transitions.succeed(batch, item, image, extension, now)
            return _settled(*succeeded, delivery)
        case OutputUnusable(failure=failure):
            return _end_attempt(batch, item, failure, now, delivery, billed=True)
        case OutputUnavailable(failure=failure):
            return _collect_later(batch, item, failure, now, delivery)


# --- a message is delivered -----------------------------------------------------------------------


def _receive(batch: Batch, item: Item, now: datetime, delivery: Delivery) -> Step:
    match transitions.decide_delivery(batch, item, delivery.round, now):
        case DeliveryDecision.LEASED if item.lease is not None:
            return Step(batch, item, (ReturnUntil(item.lease.until),))
        case DeliveryDecision.PROCESS if _must_wait(batch, item, now, delivery):
            return Step(batch, item, (RedeliverAfter(_seconds_to_wait(batch, now)),))
        case DeliveryDecision.PROCESS:
            claimed = transitions.claim(batch, item, delivery.lease, now, delivery.time_limit)
            return _proceed(*claimed, now, delivery)
        case _ if delivery.round == batch.round:
            return Step(batch, item, _after_settle(batch, item, repeated=True))
        case _:
            return Step(batch, item, (Done(),))


def _must_wait(batch: Batch, item: Item, now: datetime, delivery: Delivery) -> bool:
    """While the provider has asked us to wait, an item that would create waits too."""
    creates = delivery.may_create and not item.prediction and batch.cancelling_at is None
    return creates and batch.waiting_for(now) is not None


def _lease_lost(batch: Batch, item: Item, event: Event, now: datetime, delivery: Delivery) -> Step:
    """Another delivery has the item, and may yet die: what the item is now decides."""
    if isinstance(event, Created):
        return Step(batch, item, (AbandonPrediction(event.prediction.id),))
    return _receive(batch, item, now, delivery)


def _proceed(
    batch: Batch, item: Item, now: datetime, delivery: Delivery, failure: Failure | None = None
) -> Step:
    """What a claimed item does next: go on with its prediction, ask for one, or settle unasked.

    `failure` is how the last attempt ended. A create whose answer was never saved is over by now:
    it is counted as an attempt and, as it may have been billed, as spent.
    """
    if item.creating:
        batch, item = transitions.capture_cost(batch, item)
    if item.prediction is not None:
        return Step(batch, item, (ResumePrediction(),))
    if batch.status is BatchStatus.CANCELLING:
        return _settled(*transitions.cancel_item(batch, item, now), delivery)
    reason = _reason_not_to_create(batch, item, now, delivery, failure)
    if reason is not None:
        return _settled(*transitions.fail(batch, item, reason, now), delivery)
    if now >= delivery.create_until:
        return _requeued(*transitions.requeue(batch, item, now), now, delivery)
    return Step(*transitions.begin_create(batch, item, now), (CreatePrediction(),))


def _reason_not_to_create(
    batch: Batch, item: Item, now: datetime, delivery: Delivery, failure: Failure | None
) -> Failure | None:
    if batch.abort_reason is not None:
        return batch.abort_reason
    if not delivery.may_create:
        return failure or CRASHED
    if item.tries >= TRIES:
        return failure or LOST_ANSWER
    if item.deadline is not None and now >= item.deadline:
        return failure or DEADLINE
    return None if transitions.affordable(batch, item) else BUDGET


# --- a create was answered ------------------------------------------------------------------------


def _create_answered(
    batch: Batch,
    item: Item,
    event: Created | CreateFailed | Throttled,
    now: datetime,
    delivery: Delivery,
) -> Step:
    match event:
        case Created(prediction=prediction, next_poll=next_poll):
            saved = transitions.record_prediction_id(item, prediction.id)
            step = _polled(batch, saved, Polled(prediction, next_poll), now, delivery)
            return replace(step, if_not_stored=AbandonPrediction(prediction.id))
        case CreateFailed(failure=failure, maybe_billed=billed):
            return _end_attempt(batch, item, failure, now, delivery, billed=billed)
        case Throttled(retry_after=seconds):
            return _throttled(batch, item, seconds, now, delivery)


def _throttled(batch: Batch, item: Item, seconds: float, now: datetime, delivery: Delivery) -> Step:
    if transitions.throttled_for(batch, now) >= MAX_THROTTLED:
        stopped = transitions.fail(rounds.abort_round(batch, THROTTLED), item, THROTTLED, now)
        return _settled(*stopped, delivery)
    waiting = Waiting("provider_rate_limit", now + timedelta(seconds=seconds))
    return _requeued(*transitions.requeue(batch, item, now, waiting), now, delivery)


def _end_attempt(
    batch: Batch, item: Item, failure: Failure, now: datetime, delivery: Delivery, *, billed: bool
) -> Step:
    """One more attempt while there are any and time, else the item fails with `failure`."""
    ended = (
        transitions.capture_cost(batch, item)
        if billed
        else transitions.release_reservation(batch, item)
    )
    return _proceed(*ended, now, delivery, failure)


def _requeued(batch: Batch, item: Item, now: datetime, delivery: Delivery) -> Step:
    if item.status in SETTLED:
        return _settled(batch, item, delivery)
    return Step(batch, item, (RedeliverAfter(_seconds_to_wait(batch, now)),))


def _seconds_to_wait(batch: Batch, now: datetime) -> float:
    waiting = batch.waiting_for(now)
    return (waiting.until - now).total_seconds() if waiting else 0.0


# --- a prediction was polled, its output fetched --------------------------------------------------


def _polled(batch: Batch, item: Item, event: Polled, now: datetime, delivery: Delivery) -> Step:
    prediction = event.prediction
    if prediction is None and not delivery.may_create:
        return _collect_later(batch, item, CRASHED, now, delivery)
    if prediction is None or prediction.status is PredictionStatus.RUNNING:
        return _still_running(batch, item, event, now, delivery)
    if prediction.status is PredictionStatus.SUCCEEDED:
        return Step(batch, item, (CollectImage(prediction),))
    if prediction.status is PredictionStatus.CANCELLED:
        return _cancelled(batch, item, now, delivery)
    failure = prediction.failure or NO_REASON
    if prediction.try_again:
        return _end_attempt(batch, item, failure, now, delivery, billed=False)
    return _settled(*transitions.fail(batch, item, failure, now), delivery)


def _still_running(
    batch: Batch, item: Item, event: Polled, now: datetime, delivery: Delivery
) -> Step:
    unwanted_since = _unwanted_since(batch, item, now, delivery)
    if unwanted_since is not None and not event.cancel_requested:
        return Step(batch, item, (CancelPrediction(),))
    if unwanted_since is not None and now >= unwanted_since + CANCEL_GRACE:
        # Nobody knows what became of it, so it may have been billed.
        return _cancelled(*transitions.capture_cost(batch, item), now, delivery)
    if not delivery.may_create:
        return _fail_as_billed(batch, item, CRASHED, now, delivery)
    if now >= delivery.poll_until:
        return Step(batch, transitions.release_lease(item), (RedeliverAfter(RESUME_SECONDS),))
    return Step(batch, item, (Poll(event.next_poll, event.cancel_requested),))


def _unwanted_since(batch: Batch, item: Item, now: datetime, delivery: Delivery) -> datetime | None:
    overdue = item.deadline is not None and now >= item.deadline
    times = (
        batch.cancelling_at,
        item.deadline if overdue else None,
        None if delivery.may_create else now,
    )
    return min((time for time in times if time is not None), default=None)


def _cancelled(batch: Batch, item: Item, now: datetime, delivery: Delivery) -> Step:
    if batch.status is BatchStatus.CANCELLING:
        return _settled(*transitions.cancel_item(batch, item, now), delivery)
    if item.deadline is not None and now >= item.deadline:
        return _settled(*transitions.fail(batch, item, DEADLINE, now), delivery)
    failure = STOPPED if delivery.may_create else CRASHED
    return _end_attempt(batch, item, failure, now, delivery, billed=False)


def _collect_later(
    batch: Batch, item: Item, failure: Failure, now: datetime, delivery: Delivery
) -> Step:
    """An image that was paid for is asked for until some time after the item's own is over."""
    if item.deadline is None or now >= item.deadline + COLLECT_GRACE:
        return _fail_as_billed(
            batch, item, failure if delivery.may_create else CRASHED, now, delivery
        )
    released = transitions.release_lease(item)
    if delivery.may_create:
        return Step(batch, released, (RedeliverAfter(RESUME_SECONDS),))
    return Step(batch, released, (ReturnUntil(now + timedelta(seconds=ASK_AGAIN_SECONDS)),))


# --- the item is settled --------------------------------------------------------------------------


def _fail_as_billed(
    batch: Batch, item: Item, failure: Failure, now: datetime, delivery: Delivery
) -> Step:
    """A prediction that exists may have been billed, whoever can collect it."""
    if item.prediction is not None:
        batch, item = transitions.capture_cost(batch, item)
    if batch.status is BatchStatus.CANCELLING and not delivery.may_create:
        return _settled(*transitions.cancel_item(batch, item, now), delivery)
    return _settled(*transitions.fail(batch, item, failure, now), delivery)


def _settled(batch: Batch, item: Item, delivery: Delivery) -> Step:
    batch, item = admit_next(batch, item, delivery.window)
    return Step(batch, item, _after_settle(batch, item, repeated=False))


def _after_settle(batch: Batch, item: Item, *, repeated: bool) -> Sequence[Effect]:
    if batch.status is BatchStatus.ARCHIVING:
        return (StartFinalizer(), Done())
    if batch.status is BatchStatus.PROCESSING and item.round == batch.round and item.releases:
        return (EnqueueNext(item.releases, repeated), Done())
    return (Done(),)
