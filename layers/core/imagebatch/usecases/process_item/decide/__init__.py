"""What happens to one item next: a pure function of its record, its batch and what just happened.

`decide` writes nothing and calls nobody. Its step is stored first, under the condition that neither
record has changed since it was read; then its effects are performed, and what comes of them is the
next event. docs/architecture.md draws the states; a test compares the drawing with this package.
"""

from datetime import datetime

from imagebatch.domain import rounds, transitions
from imagebatch.domain.batch import Batch, Item
from imagebatch.domain.transitions import DeliveryDecision
from imagebatch.usecases.process_item.decide.collect import collect_later, polled
from imagebatch.usecases.process_item.decide.create import create_answered
from imagebatch.usecases.process_item.decide.proceed import end_attempt, proceed
from imagebatch.usecases.process_item.decide.settle import (
    after_settle,
    fail_as_billed,
    seconds_to_wait,
    settled,
)
from imagebatch.usecases.process_item.decide.step import COLLECT_GRACE, Delivery, Step
from imagebatch.usecases.process_item.effects import (
    AbandonPrediction,
    Done,
    RedeliverAfter,
    ReturnUntil,
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

__all__ = ["COLLECT_GRACE", "Delivery", "Step", "decide"]


def decide(batch: Batch, item: Item, event: Event, now: datetime, delivery: Delivery) -> Step:
    if isinstance(event, Received):
        return _receive(batch, item, now, delivery)
    if item.lease is None or item.lease.token != delivery.lease.token:
        return _lease_lost(batch, item, event, now, delivery)
    match event:
        case Created() | CreateFailed() | Throttled():
            return create_answered(batch, item, event, now, delivery)
        case Rejected(failure=failure):
            ended = _as_billed(batch, item)
            return settled(*transitions.fail(*ended, failure, now), delivery)
        case ProviderClosed(failure=failure):
            return fail_as_billed(rounds.abort_round(batch, failure), item, failure, now, delivery)
        case Polled():
            return polled(batch, item, event, now, delivery)
        case Collected(image=image, extension=extension):
            succeeded = transitions.succeed(batch, item, image, extension, now)
            return settled(*succeeded, delivery)
        case OutputUnusable(failure=failure):
            return end_attempt(batch, item, failure, now, delivery, billed=True)
        case OutputUnavailable(failure=failure):
            return collect_later(batch, item, failure, now, delivery)


def _receive(batch: Batch, item: Item, now: datetime, delivery: Delivery) -> Step:
    match transitions.decide_delivery(batch, item, delivery.round, now):
        case DeliveryDecision.LEASED if item.lease is not None:
            return Step(batch, item, (ReturnUntil(item.lease.until),))
        case DeliveryDecision.PROCESS if _must_wait(batch, item, now, delivery):
            return Step(batch, item, (RedeliverAfter(seconds_to_wait(batch, now)),))
        case DeliveryDecision.PROCESS:
            claimed = transitions.claim(batch, item, delivery.lease, now, delivery.time_limit)
            return proceed(*claimed, now, delivery)
        case _ if delivery.round == batch.round:
            return Step(batch, item, after_settle(batch, item, repeated=True))
        case _:
            return Step(batch, item, (Done(),))


def _as_billed(batch: Batch, item: Item) -> tuple[Batch, Item]:
    """A prediction that exists may be charged for, whatever its provider says of it later."""
    return transitions.capture_cost(batch, item) if item.prediction else (batch, item)


def _must_wait(batch: Batch, item: Item, now: datetime, delivery: Delivery) -> bool:
    """While the provider has asked us to wait, an item that would create waits too."""
    creates = delivery.may_create and not item.prediction and batch.cancelling_at is None
    return creates and batch.waiting_for(now) is not None


def _lease_lost(batch: Batch, item: Item, event: Event, now: datetime, delivery: Delivery) -> Step:
    """Another delivery has the item, and may yet die: what the item is now decides."""
    if isinstance(event, Created):
        return Step(batch, item, (AbandonPrediction(event.prediction.id),))
    return _receive(batch, item, now, delivery)
