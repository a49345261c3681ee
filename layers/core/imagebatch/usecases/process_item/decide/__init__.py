"""Decides an item's next step: a pure function of its record, its batch and an event.

`decide` writes nothing and calls nothing. Its step is stored first, on condition that neither
record has changed since it was read; then its effects are performed, and their results are the next
event. docs/architecture.md has the state diagram; a test compares it with this package.
"""

from datetime import datetime

from imagebatch.domain import charges, fallback, rounds, transitions
from imagebatch.domain.batch import Batch
from imagebatch.domain.item import Item
from imagebatch.domain.round_state import BlockReason
from imagebatch.domain.transitions import DeliveryDecision
from imagebatch.usecases.process_item.decide.collect import collect_later, polled, unfit
from imagebatch.usecases.process_item.decide.create import decide_create
from imagebatch.usecases.process_item.decide.proceed import end_attempt, proceed
from imagebatch.usecases.process_item.decide.settle import (
    after_settle,
    fail_as_billed,
    redeliver,
    settled,
)
from imagebatch.usecases.process_item.decide.step import COLLECT_GRACE, Delivery, Step
from imagebatch.usecases.process_item.effects import (
    AbandonPrediction,
    AskBreaker,
    Done,
    ReturnUntil,
)
from imagebatch.usecases.process_item.events import (
    Admitted,
    Collected,
    Created,
    Event,
    OutputUnavailable,
    OutputUnfit,
    OutputUnusable,
    Polled,
    ProviderClosed,
    Received,
    Refused,
    Rejected,
)

__all__ = ["COLLECT_GRACE", "Delivery", "Step", "decide"]


def decide(batch: Batch, item: Item, event: Event, now: datetime, delivery: Delivery) -> Step:
    if isinstance(event, Received):
        return _receive(batch, item, now, delivery)
    if isinstance(event, Admitted | Refused):
        return _breaker_answered(batch, item, event, now, delivery)
    if not _is_ours(item, delivery):
        return _lease_lost(batch, item, event, now, delivery)
    match event:
        case Rejected(failure=failure):
            ended = _as_billed(batch, item)
            return settled(*transitions.fail(*ended, failure, now), delivery)
        case ProviderClosed(failure=failure):
            return fail_as_billed(rounds.abort_round(batch, failure), item, failure, now, delivery)
    if item.state.create_in_flight:
        return decide_create(batch, item, event, now, delivery)
    return _decide_prediction(batch, item, event, now, delivery)


def _decide_prediction(
    batch: Batch, item: Item, event: Event, now: datetime, delivery: Delivery
) -> Step:
    match event:
        case Polled():
            return polled(batch, item, event, now, delivery)
        case Collected(image=image, extension=extension):
            succeeded = transitions.succeed(batch, item, image, extension, now)
            return settled(*succeeded, delivery)
        case OutputUnusable(failure=failure):
            return end_attempt(batch, item, failure, now, delivery, billed=True)
        case OutputUnfit():
            return unfit(batch, item, event, now, delivery)
        case OutputUnavailable(failure=failure):
            return collect_later(batch, item, failure, now, delivery)
    raise TypeError(f"{event} is no answer about a prediction")


def _is_ours(item: Item, delivery: Delivery) -> bool:
    lease = item.state.lease
    return lease is not None and lease.token == delivery.lease.token


def _receive(
    batch: Batch, item: Item, now: datetime, delivery: Delivery, admitted: str | None = None
) -> Step:
    match transitions.decide_delivery(batch, item, delivery.round, now):
        case DeliveryDecision.LEASED if (lease := item.state.lease) is not None:
            return Step(batch, item, (ReturnUntil(lease.until),))
        case DeliveryDecision.PROCESS if _must_wait(batch, item, now, delivery):
            shown = fallback.show_waiting(batch, item, now, delivery.policy)
            return Step(shown, item, (redeliver(batch, item, now, delivery),))
        case DeliveryDecision.PROCESS:
            return _claim(batch, item, now, delivery, admitted)
        case _ if delivery.round == batch.round:
            return Step(batch, item, after_settle(batch, item, repeated=True))
        case _:
            return Step(batch, item, (Done(),))


def _as_billed(batch: Batch, item: Item) -> tuple[Batch, Item]:
    """An existing prediction may be charged for, whatever its provider says later."""
    return charges.capture_cost(batch, item) if item.state.prediction else (batch, item)


def _claim(
    batch: Batch, item: Item, now: datetime, delivery: Delivery, admitted: str | None
) -> Step:
    """The breaker is checked before the claim is written, so that claim and create are one
    write.
    """
    claimed = transitions.claim(batch, item, delivery.lease, now, delivery.time_limit)
    step = proceed(*claimed, now, delivery, admitted=admitted)
    if isinstance(step.effects[-1], AskBreaker):
        return Step(batch, item, step.effects)
    return step


def _breaker_answered(
    batch: Batch, item: Item, event: Admitted | Refused, now: datetime, delivery: Delivery
) -> Step:
    admitted = event.model if isinstance(event, Admitted) else None
    decision = transitions.decide_delivery(batch, item, delivery.round, now)
    if not _is_ours(item, delivery) and decision is not DeliveryDecision.PROCESS:
        return _receive(batch, item, now, delivery)
    if isinstance(event, Refused):
        reason = BlockReason.UNAVAILABLE
        batch = fallback.block_model(batch, event.model, reason, now, event.until)
    if _is_ours(item, delivery):
        return proceed(batch, item, now, delivery, admitted=admitted)
    return _receive(batch, item, now, delivery, admitted)


def _must_wait(batch: Batch, item: Item, now: datetime, delivery: Delivery) -> bool:
    """While none of its models is available, an item that would create waits."""
    decided = (
        item.state.prediction
        or item.state.create_in_flight
        or batch.cancelling_at
        or batch.state.abort_reason
    )
    until = fallback.next_look(batch, item, now, delivery.policy)
    return delivery.may_create and not decided and until is not None and until > now


def _lease_lost(batch: Batch, item: Item, event: Event, now: datetime, delivery: Delivery) -> Step:
    """Another delivery has the item, and may yet die: decide on the item's current state."""
    if isinstance(event, Created) and event.prediction.id != item.state.prediction:
        return Step(batch, item, (AbandonPrediction(event.prediction.id),))
    return _receive(batch, item, now, delivery)
