"""The item's state machine: the drawing has every edge that `decide` takes, and no other."""

import re
from collections.abc import Iterator
from copy import replace
from datetime import datetime, timedelta
from functools import cache
from itertools import product
from pathlib import Path

import pytest

from imagebatch.domain import charges, rounds, transitions
from imagebatch.domain.batch import Batch
from imagebatch.domain.effective_status import effective_item_status
from imagebatch.domain.errors import Failure, FailureCode
from imagebatch.domain.item import Item
from imagebatch.domain.item_state import Lease
from imagebatch.domain.round_state import BlockReason, ModelBlock
from imagebatch.domain.statuses import SETTLED, ItemStatus
from imagebatch.ports.providers import Prediction, PredictionStatus
from imagebatch.usecases.process_item.decide import COLLECT_GRACE, Delivery, Step, decide
from imagebatch.usecases.process_item.effects import AskBreaker, Done, RedeliverAfter, ReturnUntil
from imagebatch.usecases.process_item.events import (
    Admitted,
    Collected,
    CreateAbsent,
    Created,
    CreateFailed,
    CreateUndecided,
    Event,
    LookupFailed,
    ModelGone,
    OutputUnavailable,
    OutputUnfit,
    OutputUnusable,
    Polled,
    ProviderClosed,
    Received,
    Refused,
    Rejected,
    Throttled,
)
from testing.fakes.system import START
from testing.models import a_model
from testing.records import a_batch, an_image, an_item, change_batch, change_item

DRAWING = Path(__file__).parents[2] / "docs/architecture.md"
EDGE = re.compile(r"^ +(\w+) --> (\w+): (.+)$", re.MULTILINE)
LIMIT = timedelta(seconds=300)
FAILURE = Failure(FailureCode.PROVIDER_UNAVAILABLE, "no answer")
CHAIN = (a_model("a"), a_model("b"))
LEASE = Lease("ours", START + timedelta(hours=2))
TIMES = [START, START + LIMIT, START + LIMIT + COLLECT_GRACE]
PREDICTIONS = [
    Prediction("p1", status, failure=FAILURE, try_again=again)
    for status in PredictionStatus
    for again in (False, True)
]
ANSWERS: list[Event] = [Rejected(FAILURE), ProviderClosed(FAILURE)]
SOON = START + timedelta(seconds=60)
ON_CREATE: list[Event] = [
    *ANSWERS,
    *(Created(prediction) for prediction in PREDICTIONS),
    *(
        CreateFailed(FAILURE, maybe_billed=billed, open_until=until)
        for billed in (False, True)
        for until in (None, SOON)
    ),
    Throttled(30),
    ModelGone(FAILURE),
    CreateAbsent(),
    CreateUndecided(),
    LookupFailed(),
    Polled(None),
]
ON_PREDICTION: list[Event] = [
    *ANSWERS,
    *(Polled(each, cancel_requested=asked) for each in (None, *PREDICTIONS) for asked in (0, 1)),
    Collected(an_image(), "png"),
    OutputUnusable(FAILURE),
    OutputUnavailable(FAILURE),
    OutputUnfit(FAILURE, an_image()),
]
ASKED_TO_CREATE = (Admitted, Refused, CreateFailed, Throttled, ModelGone)
type Pair = tuple[Batch, Item]


def state_of(batch: Batch, item: Item) -> str:
    if item.status is not ItemStatus.PROCESSING:
        return item.status.value
    if item.state.create_in_flight:
        return "creating"
    return "predicting" if item.state.prediction else "claimed"


def claimed() -> Pair:
    batch = a_batch(last_dispatched_round=1, model="a", models=CHAIN)
    return transitions.claim(batch, an_item(), LEASE, START, LIMIT)


def creating(attempts: int) -> Pair:
    batch, item = claimed()
    for attempt in range(attempts):
        if attempt:
            batch, item = charges.capture_cost(batch, item)
        batch, item = charges.begin_create(batch, item, START)
    return batch, item


def predicting(attempts: int) -> Pair:
    batch, item = creating(attempts)
    return batch, charges.record_prediction_id(item, "p1")


def looked_for_in_vain(attempts: int) -> Pair:
    batch, item = creating(attempts)
    return batch, change_item(item, lookup_failing_since=START)


def lost_lease(pair: Pair) -> Pair:
    """The delivery that held it is gone."""
    return pair[0], transitions.release_lease(pair[1])


def happenings() -> Iterator[tuple[Pair, Event]]:
    yield (a_batch(last_dispatched_round=1), an_item()), Received()
    yield lost_lease(claimed()), Received()
    pending = a_batch(last_dispatched_round=1, model="a", models=CHAIN), an_item()
    for pair, model in product((pending, claimed(), lost_lease(claimed())), ("a", "b")):
        yield pair, Admitted(model)
        yield pair, Refused(model, SOON)
    for attempts in (1, 2):
        yield lost_lease(creating(attempts)), Received()
        yield lost_lease(predicting(attempts)), Received()
        for event in ON_CREATE:
            yield creating(attempts), event
        for event in (LookupFailed(), Polled(None)):
            yield looked_for_in_vain(attempts), event
        for event in ON_PREDICTION:
            yield predicting(attempts), event


def circumstances(batch: Batch) -> Iterator[Batch]:
    later = START + timedelta(hours=1)
    limited = ModelBlock("a", BlockReason.RATE_LIMITED, START, later)
    down = ModelBlock("a", BlockReason.UNAVAILABLE, START, later)
    long_since = START - timedelta(hours=7)
    others = [ModelBlock("b", reason, START, None) for reason in BlockReason]
    yield batch
    yield rounds.cancel(batch, START)
    yield rounds.abort_round(batch, FAILURE)
    yield replace(batch, max_cost=batch.money.committed)
    for block in (limited, down, replace(limited, since=long_since), others[-1]):
        yield change_batch(batch, blocks=(block,))
        yield change_batch(batch, blocks=(block, *others[-1:]))


def a_delivery(now: datetime, *, in_time: bool, may_create: bool) -> Delivery:
    until = now + timedelta(seconds=30 if in_time else 0)
    return Delivery(1, LEASE, LIMIT, 3, until, until, may_create)


@cache
def steps() -> list[tuple[Pair, Event, Step]]:
    return list(_steps())


def _steps() -> Iterator[tuple[Pair, Event, Step]]:
    for (pair, event), now, in_time, may_create in product(
        happenings(), TIMES, (True, False), (True, False)
    ):
        if not may_create and isinstance(event, ASKED_TO_CREATE):
            continue  # such a delivery asks for nothing
        for batch in circumstances(pair[0]):
            delivery = a_delivery(now, in_time=in_time, may_create=may_create)
            before = batch, pair[1]
            yield before, event, decide(*before, event, now, delivery)


@pytest.mark.slow
def test_the_drawing_has_exactly_the_edges_of_decide() -> None:
    drawn = {
        (before, event.strip(), after)
        for before, after, events in EDGE.findall(DRAWING.read_text("utf-8"))
        for event in events.split(",")
    }
    taken = {
        (state_of(*pair), type(event).__name__, state_of(step.batch, step.item))
        for pair, event, step in steps()
    }
    assert drawn == taken


@pytest.mark.slow
def test_every_step_ends_or_requests_one_effect() -> None:
    ends = (Done, RedeliverAfter, ReturnUntil)
    for _, event, step in steps():
        assert step.effects, event
        assert not any(isinstance(effect, ends) for effect in step.effects[:-1])
        if isinstance(step.effects[-1], Done):
            assert effective_item_status(step.batch, step.item) in SETTLED


@pytest.mark.slow
def test_dead_letter_creates_nothing_and_waits_within_grace() -> None:
    for pair, event in happenings():
        for batch in circumstances(pair[0]):
            delivery = a_delivery(TIMES[-1], in_time=True, may_create=False)
            step = decide(batch, pair[1], event, TIMES[-1], delivery)
            assert step.item.state.attempts <= pair[1].state.attempts
            first_lookup = pair[1].state.create_in_flight and not pair[1].state.lookup_failing_since
            if not first_lookup and event in (OutputUnavailable(FAILURE), Polled(None)):
                assert step.item.status in SETTLED


def test_a_delivery_that_lost_its_lease_writes_nothing() -> None:
    other = Lease("another's", TIMES[-1] + timedelta(hours=9))
    for pair, event in happenings():
        batch, item = pair[0], pair[1].with_lease(other)
        if item.status is not ItemStatus.PROCESSING:
            continue
        delivery = a_delivery(START, in_time=True, may_create=True)
        step = decide(batch, item, event, START, delivery)
        assert (step.batch, step.item) == (batch, item)


def test_an_attempt_counts_unless_its_create_made_nothing() -> None:
    nothing = (Throttled, ModelGone, CreateFailed, CreateAbsent)
    for (_, before), event, step in steps():
        if not isinstance(event, nothing):
            assert step.item.state.round_attempts >= before.state.round_attempts
            assert step.item.state.attempts >= before.state.attempts
        if isinstance(event, CreateUndecided) or event == CreateFailed(FAILURE, maybe_billed=True):
            assert step.item.state.round_attempts >= before.state.round_attempts


def test_no_other_model_makes_what_one_may_have_made() -> None:
    for (_, before), event, step in steps():
        if isinstance(event, CreateUndecided):
            assert step.item.state.model_fixed
        asked = step.effects[-1]
        if before.state.model_fixed and isinstance(asked, AskBreaker):
            assert asked.model == before.model
