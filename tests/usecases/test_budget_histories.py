"""Several batches of an owner through random submits, kills, retries, redos, cancels, outages and
fallbacks: what is reserved and spent never exceeds a budget, and in the end nothing is reserved.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import replace
from datetime import timedelta
from decimal import Decimal

import hypothesis.strategies as st
from hypothesis import HealthCheck, event, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from imagebatch.domain.batch import Batch
from imagebatch.domain.budgets import Account, Balance, Limits, held_by
from imagebatch.domain.errors import (
    FailureCode,
    ModelUnavailableError,
    ProviderError,
    ProviderUnavailableError,
    RateLimitedError,
    RequestError,
)
from imagebatch.domain.model_registry import Mode
from imagebatch.domain.money import ZERO
from imagebatch.ports.item_queue import ItemMessage
from imagebatch.ports.providers import Prediction, PredictionStatus
from imagebatch.usecases.budgets import RepairAccounts
from imagebatch.usecases.finalize_batch import FinalizerRun
from imagebatch.usecases.redo_items import RedoRequest
from imagebatch.usecases.round_models import RoundOptions
from testing.app_harness import MODEL, OTHER_MODEL, OWNER, PRICE, AppHarness, a_row
from testing.effort import examples
from tests.usecases.fault_injection import FaultInjector, FaultKind, InjectedFault
from tests.usecases.test_process_item import failed

BATCHES, MOST_ROWS, ACTIVE = 6, 3, 3
ENDS: dict[str, object] = {
    "lost": ProviderUnavailableError("cut", maybe_billed=True),
    "500": ProviderUnavailableError("500"),
    "429": RateLimitedError("slow down", 30),
    "refused": failed(FailureCode.CONTENT_REFUSED),
    "empty": failed(FailureCode.INVALID_OUTPUT, try_again=True, billed=True),
    "stopped": Prediction("", PredictionStatus.CANCELLED),
}
OUTAGES: dict[str, ProviderError | None] = {
    "none": None,
    "down": ProviderUnavailableError("503"),
    "gone": ModelUnavailableError("no such model"),
    "limited": RateLimitedError("slow down", 30),
}
DEARER = Decimal("0.08")
"""What `OTHER_MODEL` asks: a row that may go on to it is priced so."""
TROUBLES = st.lists(
    st.builds(
        InjectedFault,
        skip=st.integers(0, 7),
        kind=st.sampled_from([kind for kind in FaultKind if kind is not FaultKind.OVERTAKE]),
    ),
    max_size=2,
)

type Act = Callable[[], object]


class BudgetMachine(RuleBasedStateMachine):
    @initialize(
        owner=st.none() | st.integers(6, 40),
        stack=st.none() | st.integers(6, 40),
        ends=st.lists(
            st.tuples(st.integers(0, MOST_ROWS - 1), st.sampled_from(sorted(ENDS))), max_size=8
        ),
    )
    def begin(self, owner: int | None, stack: int | None, ends: list[tuple[int, str]]) -> None:
        most = [None if prices is None else prices * PRICE for prices in (owner, stack)]
        self.limits = Limits(ACTIVE, *most)
        self.app = AppHarness(limits=self.limits)
        for row, end in ends:
            self.app.provider.script(str(row), ENDS[end])
        self.injector = FaultInjector(self.app, lambda _: None)
        self.inbox: list[ItemMessage] = []
        self.dispatches: list[tuple[str, int]] = []
        self.requests = 0
        self.submit(1, MOST_ROWS, None, with_fallback=False, troubles=[])

    @rule(
        number=st.integers(1, BATCHES),
        size=st.integers(1, MOST_ROWS),
        cap=st.none() | st.integers(1, 8),
        with_fallback=st.booleans(),
        troubles=TROUBLES,
    )
    def submit(
        self,
        number: int,
        size: int,
        cap: int | None,
        *,
        with_fallback: bool,
        troubles: list[InjectedFault],
    ) -> None:
        """The same number again is the same request, come again after its end was lost."""
        max_cost = None if cap is None else max(cap, size) * PRICE
        models = (MODEL, OTHER_MODEL) if with_fallback else (MODEL,)
        price = DEARER if with_fallback else PRICE
        rows = tuple(replace(a_row(i), price=price) for i in range(size))
        about = {"items": rows, "models": models, "max_cost": max_cost}
        self.do(lambda: self.app.submit(size, f"b{number}", **about), troubles)

    @rule(model=st.sampled_from([MODEL.id, OTHER_MODEL.id]), how=st.sampled_from(sorted(OUTAGES)))
    def a_model_changes(self, model: str, how: str) -> None:
        """From now on it answers every create so, or works again."""
        before = self.app.provider.outage
        self.app.provider.outage = lambda m: OUTAGES[how] if m == model else before(m)

    @rule(data=st.data(), troubles=TROUBLES)
    def step(self, data: st.DataObject, troubles: list[InjectedFault]) -> None:
        menu = dict(self.menu())
        self.do(menu[data.draw(st.sampled_from(sorted(menu)))], troubles)

    @rule(days=st.sampled_from([0, 0, 0, 1, 20]))
    def time_passes(self, days: int) -> None:
        self.app.clock.advance(timedelta(days=days, minutes=16).total_seconds())

    @rule(
        troubles=TROUBLES,
        how=st.sampled_from(["redo", "redo dearer", "retry", "retry, fall back"]),
        number=st.integers(1, BATCHES),
    )
    def run_and_open_again(self, troubles: list[InjectedFault], how: str, number: int) -> None:
        """What is under way comes to its end, and a finished batch begins anew."""
        self.drain()
        if finished := [batch for batch in self.batches() if batch.finished]:
            acts = dict(self.about(finished[number % len(finished)]))
            self.do(acts[how], troubles)
            self.drain()

    def menu(self) -> Iterator[tuple[str, Act]]:
        yield "sweep", self.sweep
        for at, message in enumerate(self.inbox[:3]):
            yield f"deliver {at}", lambda m=message: self.deliver(m)  # type: ignore[misc]
        for at, order in enumerate(self.dispatches[:3]):
            yield f"dispatch {at}", lambda o=order: self.dispatch(*o)  # type: ignore[misc]
        for batch in self.batches():
            for name, act in self.about(batch):
                yield f"{name} {batch.id}", act

    def about(self, batch: Batch) -> Iterator[tuple[str, Act]]:
        app, id_ = self.app, batch.id
        yield "cancel", lambda: app.cancel_batch(OWNER, id_)
        yield "archive", lambda: app.finish(id_)
        run = FinalizerRun(OWNER, id_, batch.round, batch.state.attempt)
        yield "give up", lambda: app.finalize.give_up(run)
        if batch.finished:
            yield "retry", lambda: app.retry(OWNER, id_, self.request())
            wanted = RedoRequest(items=("c0",))
            yield "redo", lambda: app.redo(OWNER, id_, self.request(), wanted)
            dearer = RedoRequest(items=("c0",), options=RoundOptions(model=OTHER_MODEL.id))
            yield "redo dearer", lambda: app.redo(OWNER, id_, self.request(), dearer)
            go_on = RoundOptions(
                fallback=(OTHER_MODEL.id,), max_cost=batch.money.committed + 10 * PRICE
            )
            yield "retry, fall back", lambda: app.retry(OWNER, id_, self.request(), go_on)

    def request(self) -> str:
        """A new one, or the last one come again."""
        self.requests += 1
        return f"request {self.requests // 2}"

    def do(self, act: Act, troubles: list[InjectedFault]) -> None:
        def asked() -> None:
            with suppress(RequestError):
                act()

        self.injector.run(asked, troubles, self.app.clock.now() + timedelta(days=1))
        self.collect()

    def deliver(self, message: ItemMessage) -> None:
        if self.app.deliver(message) is None:
            self.inbox.remove(message)

    def dispatch(self, batch_id: str, round_: int) -> None:
        self.app.dispatch_items(OWNER, batch_id, round_)
        self.dispatches.remove((batch_id, round_))

    def sweep(self) -> None:
        list(self.app.repair_stalled_batches())
        assert list(RepairAccounts(self.app.records, self.app.accounts, self.app.telemetry)()) == []

    def collect(self) -> None:
        while (message := self.app.queue.pop()) is not None:
            if message not in self.inbox:
                self.inbox.append(message)
        while (order := self.app.dispatch.pop()) is not None:
            self.dispatches.append((order.batch_id, order.round))

    def batches(self) -> list[Batch]:
        return [b for n in range(1, BATCHES + 1) if (b := self.app.store.get(OWNER, f"b{n}"))]

    def ledgers(self, owner: str | None) -> dict[str, Balance]:
        """By month."""
        accounts = self.app.accounts.accounts
        mine = {a: b for a, b in accounts.items() if (a.owner, a.mode) == (owner, Mode.LIVE)}
        return {account.month: balance for account, balance in mine.items()}

    # --- what always holds

    @invariant()
    def no_account_is_over_its_limit(self) -> None:
        limits = ((OWNER, self.limits.owner_budget), (None, self.limits.stack_budget))
        for owner, most in limits:
            for balance in self.ledgers(owner).values():
                assert balance.reserved >= 0
                assert most is None or balance.used <= most
        assert self.places <= ACTIVE

    @invariant()
    def accounts_hold_what_batches_do(self) -> None:
        held = held_by(self.batches())
        for account, balance in self.app.accounts.accounts.items():
            assert balance.reserved == held.get(account, ZERO)

    @invariant()
    def a_round_spends_no_more_than_it_reserved(self) -> None:
        for batch in self.batches():
            assert (batch.money.reservation is None) == batch.finished
            if batch.money.reservation:
                most = batch.money.reservation.committed_before + batch.money.reservation.amount
                assert batch.money.actual <= batch.money.committed <= most

    @property
    def places(self) -> Decimal:
        return self.app.accounts.balance(Account(OWNER)).reserved

    # --- and in the end

    def teardown(self) -> None:
        if not hasattr(self, "app"):
            return
        for _ in range(100):
            if all(batch.finished for batch in self.batches()):
                break
            self.drain()
        made = {item.model for b in self.batches() for item in self.app.store.items(OWNER, b.id)}
        event(f"fell back or was redone dearer: {OTHER_MODEL.id in made}")
        spent = sum((batch.money.actual for batch in self.batches()), ZERO)
        for owner in (OWNER, None):
            assert all(balance.reserved == 0 for balance in self.ledgers(owner).values())
            assert sum((b.spent for b in self.ledgers(owner).values()), ZERO) == spent
        assert self.places == 0

    def drain(self) -> None:
        self.time_passes(0)
        self.do(self.sweep, [])
        for order in list(self.dispatches):
            self.do(lambda o=order: self.dispatch(*o), [])  # type: ignore[misc]
        for message in list(self.inbox):
            self.do(lambda m=message: self.deliver(m), [])  # type: ignore[misc]
        for batch in self.batches():
            if batch.status == "archiving":
                self.do(lambda b=batch: self.app.finish(b.id), [])  # type: ignore[misc]


BudgetMachine.TestCase.settings = settings(
    max_examples=examples(80),
    stateful_step_count=30,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestBudgetHistories = BudgetMachine.TestCase
