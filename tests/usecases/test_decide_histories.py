"""Any history of deliveries, crashes, waits, cancels and retries keeps the books in order."""

from collections.abc import Callable, Mapping, Sequence
from copy import replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from imagebatch.domain import rounds, transitions
from imagebatch.domain.batch import Batch
from imagebatch.domain.counts import Counts
from imagebatch.domain.effective_status import effective_item_status
from imagebatch.domain.errors import Failure, FailureCode, StateConflictError
from imagebatch.domain.images import Image
from imagebatch.domain.item import TRIES, Item
from imagebatch.domain.item_state import Lease
from imagebatch.domain.money import ZERO
from imagebatch.domain.round_state import Archive
from imagebatch.domain.statuses import RUNNING, BatchStatus, ItemStatus
from imagebatch.domain.transitions import DeliveryDecision
from imagebatch.ports.providers import Prediction, PredictionStatus
from imagebatch.usecases.process_item.decide import Delivery, decide
from imagebatch.usecases.process_item.effects import (
    AbandonPrediction,
    AskBreaker,
    CancelPrediction,
    CollectImage,
    CreatePrediction,
    Effect,
    FindCreated,
    Poll,
    ResumePrediction,
)
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
from testing.effort import examples
from testing.fakes import FakeClock
from testing.fakes.system import START
from testing.models import a_model
from testing.records import a_batch, an_item, change_batch

FAILURE = Failure(FailureCode.PROVIDER_UNAVAILABLE, "no answer")
IMAGE = Image("k", "image/png", 9, 7, '"e"', 1024, 1024)
ARCHIVE = Archive("archives/b1.zip", 10, 3)
TTL = timedelta(hours=1)
LIMIT = timedelta(seconds=300)
LEASE_SECONDS = 65
CHAIN = ("a", "b")
SELDOM = {"cancel", "halt", "bury", "time"}
OFTEN = 8
"""What ends a round is this much less likely than the rest, so that histories are long."""


type Act = Callable[[], None]


POLLED = [
    *(
        Polled(each and replace(each, failure=FAILURE), cancel_requested=asked)
        for each in (None, *(Prediction("p", status) for status in PredictionStatus))
        for asked in (False, True)
    ),
    Polled(Prediction("p", PredictionStatus.FAILED, failure=FAILURE, try_again=True)),
    Rejected(FAILURE),
    ProviderClosed(FAILURE),
]
SOON = START + timedelta(seconds=90)
ANSWERS: Mapping[type[Effect], Sequence[Event]] = {
    AskBreaker: [*map(Admitted, CHAIN), *(Refused(model, SOON) for model in CHAIN)],
    FindCreated: [
        *(Created(Prediction("p", status)) for status in PredictionStatus),
        CreateAbsent(),
        CreateUndecided(),
        LookupFailed(),
    ],
    CreatePrediction: [
        *(Created(Prediction("p", status)) for status in PredictionStatus),
        CreateFailed(FAILURE),
        CreateFailed(FAILURE, open_until=SOON),
        CreateFailed(FAILURE, maybe_billed=True),
        Throttled(30),
        ModelGone(FAILURE),
        Rejected(FAILURE),
        ProviderClosed(FAILURE),
    ],
    ResumePrediction: [*POLLED, Collected(IMAGE, "png")],
    Poll: POLLED,
    CancelPrediction: POLLED,
    AbandonPrediction: [Received()],
    CollectImage: [
        Collected(IMAGE, "png"),
        OutputUnusable(FAILURE),
        OutputUnavailable(FAILURE),
        OutputUnfit(FAILURE),
    ],
}


class History(RuleBasedStateMachine):
    """Each step is one write that `decide` allows. A worker that dies takes no further step."""

    @initialize(
        size=st.integers(1, 6),
        rejected=st.integers(0, 2),
        cap=st.none() | st.integers(0, 12),
    )
    def submit(self, size: int, rejected: int, cap: int | None) -> None:
        self.clock = FakeClock()
        rejected = min(rejected, size)
        refused = [an_item(n, status=ItemStatus.FAILED, failure=FAILURE) for n in range(rejected)]
        self.items = [*refused, *(an_item(n) for n in range(rejected, size))]
        self.batch = a_batch(
            size=size,
            rejected=rejected,
            model="a",
            models=tuple(map(a_model, CHAIN)),
            max_cost=None if cap is None else cap * Decimal("0.05"),
        )
        self.succeeded: dict[int, Item] = {}
        self.working: dict[str, tuple[int, Delivery, Effect]] = {}
        self.count = 0

    @rule(data=st.data())
    def step(self, data: st.DataObject) -> None:
        acts = self.batch_acts()
        for item in self.items:
            acts |= {f"{name} {item.index}": act for name, act in self.item_acts(item).items()}
        acts |= self.delivery_acts()
        often = [name for name in acts if name.split()[0] not in SELDOM]
        acts[data.draw(st.sampled_from([*acts, *OFTEN * often]))]()

    def item_acts(self, item: Item) -> dict[str, Act]:
        """The item's message is delivered, to the worker or to the dead-letter function."""
        return {
            "deliver": lambda: self.deliver(item, may_create=True),
            "bury": lambda: self.deliver(item, may_create=False),
        }

    def delivery_acts(self) -> dict[str, Act]:
        """What may come of the effect that each delivery at work is performing."""
        acts: dict[str, Act] = {}
        for at, (index, delivery, effect) in self.working.items():
            for n, event in enumerate(ANSWERS.get(type(effect), ())):
                acts[f"answer {at} {n}"] = partial(self.advance, index, event, delivery)
        return acts

    def deliver(self, item: Item, *, may_create: bool) -> None:
        self.count += 1
        end = self.now + timedelta(seconds=LEASE_SECONDS)
        lease = Lease(f"t{self.count}", end)
        soon = end - timedelta(seconds=10)
        delivery = Delivery(self.batch.round, lease, LIMIT, 3, soon, soon, may_create)
        self.advance(item.index, Received(), delivery)

    def advance(self, index: int, event: Event, delivery: Delivery) -> None:
        self.working.pop(delivery.lease.token, None)
        before = self.items[index]
        step = decide(self.batch, before, event, self.now, delivery)
        self.write(step.batch, step.item)
        if step.item.status is ItemStatus.SUCCEEDED:
            self.succeeded[index] = step.item
        if not delivery.may_create:
            assert step.item.state.attempts <= before.state.attempts
        if type(step.effects[-1]) in ANSWERS:
            self.working[delivery.lease.token] = index, delivery, step.effects[-1]

    def batch_acts(self) -> dict[str, Act]:
        acts: dict[str, Act] = {"time passes": lambda: self.pass_time(LEASE_SECONDS)}
        batch, now = self.batch, self.now
        if batch.status in RUNNING:
            acts["cancel"] = lambda: self.write(rounds.cancel(batch, now))
            acts["halt"] = lambda: self.write(rounds.abort_round(batch, FAILURE))
        if batch.state.last_dispatched_round < batch.round:
            acts["dispatch"] = lambda: self.write(rounds.mark_dispatched(batch, now))
        if batch.status is BatchStatus.ARCHIVING:
            acts["publish"] = lambda: self.write(rounds.publish(batch, ARCHIVE, now, TTL))
            acts["give up"] = lambda: self.write(rounds.give_up(batch, now))
            acts |= {f"lose {index}": partial(self.lose, index) for index in self.succeeded}
        if batch.finished and batch.state.archive is not None:
            acts["expire"] = self.expire
        if batch.finished and (batch.counts.failed > batch.rejected or batch.state.archive is None):
            acts["retry"] = lambda: self.write(rounds.retry(batch, now))
        return acts

    def lose(self, index: int) -> None:
        self.write(*transitions.mark_output_lost(self.batch, self.items[index], FAILURE))
        del self.succeeded[index]

    def expire(self) -> None:
        self.pass_time(TTL.total_seconds())
        assert self.batch.expired(self.now)
        self.write(change_batch(self.batch, archive=None))

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)

    # --- what always holds

    @invariant()
    def the_counts_are_those_of_the_items(self) -> None:
        statuses = [effective_item_status(self.batch, item) for item in self.items]
        tally = {status.value: statuses.count(status) for status in ItemStatus}
        assert self.batch.counts == Counts(**tally)

    @invariant()
    def the_money_adds_up(self) -> None:
        amounts = [item.state.reserved + item.cost for item in self.items]
        assert self.batch.money.committed == sum(amounts, ZERO)
        assert self.batch.money.actual == sum((i.cost for i in self.items), ZERO)
        assert self.batch.max_cost is None or self.batch.money.committed <= self.batch.max_cost

    @invariant()
    def money_is_held_only_for_what_runs(self) -> None:
        for item in self.items:
            running = item.state.create_in_flight or item.state.prediction is not None
            assert (item.state.reserved > 0) == running
            assert not running or item.status is ItemStatus.PROCESSING
            assert item.state.round_attempts <= TRIES
            assert item.state.attempts * item.price >= item.state.reserved + item.cost

    @invariant()
    def a_round_that_is_over_has_nothing_open(self) -> None:
        if self.batch.status is BatchStatus.ARCHIVING or self.batch.finished:
            assert self.batch.counts.unsettled == 0
            assert all(item.state.lease is None for item in self.items)
            assert self.batch.state.last_dispatched_round == self.batch.round
        elif self.batch.state.last_dispatched_round == self.batch.round:
            assert self.batch.counts.unsettled > 0

    @invariant()
    def a_finished_image_is_never_thrown_away(self) -> None:
        for index, item in self.succeeded.items():
            assert self.items[index] == item

    @invariant()
    def what_was_rejected_at_the_intake_stays_so(self) -> None:
        assert sum(item.rejected for item in self.items) == self.batch.rejected

    # --- what never works

    @invariant()
    def what_is_not_claimed_cannot_be_settled(self) -> None:
        for item in self.items:
            if item.status is not ItemStatus.PROCESSING:
                with pytest.raises(ValueError, match="not claimed"):
                    transitions.fail(self.batch, item, FAILURE, self.now)
            if (
                transitions.decide_delivery(self.batch, item, self.batch.round, self.now)
                is DeliveryDecision.SKIP
            ):
                with pytest.raises(ValueError, match="cannot be claimed"):
                    transitions.claim(self.batch, item, Lease("t", self.now), self.now, LIMIT)

    @invariant()
    def a_message_of_an_earlier_round_changes_nothing(self) -> None:
        for item in self.items:
            earlier = transitions.decide_delivery(self.batch, item, self.batch.round - 1, self.now)
            assert earlier is DeliveryDecision.SKIP

    @invariant()
    def an_end_is_reached_once(self) -> None:
        if self.batch.status is not BatchStatus.ARCHIVING:
            with pytest.raises(ValueError, match="not archiving"):
                rounds.publish(self.batch, ARCHIVE, self.now, TTL)
        if not self.batch.finished:
            with pytest.raises(StateConflictError):
                rounds.retry(self.batch, self.now)

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def write(self, batch: Batch, item: Item | None = None) -> None:
        self.batch = batch
        if item is not None:
            self.items[item.index] = item


History.TestCase.settings = settings(max_examples=examples(80), stateful_step_count=60)
TestHistory = History.TestCase
