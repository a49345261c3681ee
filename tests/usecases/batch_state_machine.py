"""Whole batches through random interleavings of deliveries, crashes, lost answers, cancels,
retries, sweeps and expiries; after every step the books are in order, and every batch ends.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from copy import replace
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import hypothesis.strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from imagebatch.domain.circuit_breaker import OPENS_AFTER, CircuitBreaker
from imagebatch.domain.effective_status import effective_item_status
from imagebatch.domain.errors import (
    FailureCode,
    ModelUnavailableError,
    OutputGoneError,
    ProviderAuthError,
    ProviderUnavailableError,
    RateLimitedError,
    RejectedError,
    StateConflictError,
)
from imagebatch.domain.images import Image
from imagebatch.domain.item import Item
from imagebatch.domain.statuses import SETTLED, BatchStatus, ItemStatus
from imagebatch.ports.images import BadImageError
from imagebatch.ports.item_queue import ItemMessage
from imagebatch.ports.providers import Prediction, PredictionStatus
from imagebatch.usecases.finalize_batch import FinalizerRun
from imagebatch.usecases.redo_items import RedoRequest
from testing.app_harness import OWNER, PRICE, AppHarness
from testing.fakes import Started
from testing.fakes.provider import NEVER_ARRIVED
from tests.usecases.fault_injection import FaultInjector, FaultKind, InjectedFault
from tests.usecases.test_process_item import failed

WORKER, LONG = 60.0, 120.0
BREAKER = ("scripted", "m")
CANCELLED = PredictionStatus.CANCELLED
LOST = ProviderUnavailableError("cut", maybe_billed=True)
STEPS: dict[str, object] = {
    "500": ProviderUnavailableError("500"),
    "lost": LOST,
    "never arrived": NEVER_ARRIVED,
    "gone": ModelUnavailableError("no such model"),
    "429": RateLimitedError("slow down", 30),
    "refused": failed(FailureCode.CONTENT_REFUSED),
    "interrupted": failed(FailureCode.PROVIDER_UNAVAILABLE, try_again=True),
    "stopped": Prediction("", PredictionStatus.CANCELLED),
    "rejected": RejectedError(FailureCode.INVALID_INPUT, "too long"),
    "wrong key": ProviderAuthError("wrong key"),
}
KINDS = [*FaultKind, FaultKind.OVERTAKE, FaultKind.OVERTAKE, FaultKind.OVERTAKE]
TROUBLES = st.lists(
    st.builds(
        InjectedFault,
        skip=st.integers(0, 7),
        kind=st.sampled_from(KINDS),
        who=st.integers(0, 30),
        dies_after=st.none() | st.integers(0, 7),
    ),
    max_size=2,
)


type InjectedFaults = list[InjectedFault]
type Act = Callable[[InjectedFaults], None]


@dataclass
class Run:
    """One execution of the finalizer's state machine."""

    finalizer_run: FinalizerRun
    step: str = "build"
    built: dict[str, Any] | None = None


NEXT = {"build": "publish", "publish": "delete", "delete": "expire"}


class BatchStateMachine(RuleBasedStateMachine):
    @initialize(
        size=st.sampled_from([1, 1, 2, 3, 9]),
        cap=st.none() | st.integers(1, 12),
        seconds=st.sampled_from([0.0, 2.0, 2.0, 70.0, 1000.0]),
        steps=st.lists(st.tuples(st.integers(0, 8), st.sampled_from(sorted(STEPS))), max_size=4),
        pictures=st.lists(st.booleans(), max_size=3),
        fetches=st.lists(st.booleans(), max_size=3),
        habits=st.tuples(st.booleans(), st.booleans()),
        dispatched=st.sampled_from([True, True, False]),
    )
    def submit(
        self,
        size: int,
        cap: int | None,
        seconds: float,
        steps: list[tuple[int, str]],
        pictures: list[bool],
        fetches: list[bool],
        habits: tuple[bool, bool],
        dispatched: bool,
    ) -> None:
        self.app = app = AppHarness(seconds=seconds)
        app.provider.obeys_cancel, app.provider.lists = habits
        for index, name in steps:
            app.provider.script(str(index), STEPS[name])
        if pictures:
            good = app.validator.validate
            bad = iter(pictures)

            def validate(body: bytes, aspect_ratio: str | None) -> Any:
                if next(bad, False):
                    raise BadImageError("blank")
                return good(body, aspect_ratio)

            app.validator.validate = validate  # type: ignore[method-assign]
        gone, cut = OutputGoneError("gone"), ProviderUnavailableError("cut")
        app.provider.fetch_faults.extend(gone if each else cut for each in fetches)
        self.calm = not (steps or pictures or fetches)
        self.size, self.cap = size, None if cap is None else max(cap, size) * PRICE
        self.inbox: list[ItemMessage] = []
        self.dead: list[ItemMessage] = []
        self.dispatches: list[int] = []
        self.runs: dict[Started, Run] = {}
        self.images: dict[int, list[Image]] = {}
        self.redone: set[int] = set()
        self.choices: Counter[int] = Counter()
        self.buried = 0
        self.requests = 0
        self.unfollowed = False
        self.depth = 0
        self.stored: set[str | None] = set()
        self.remember_stored_predictions()
        app.submit(size, max_cost=self.cap)
        self.injector = FaultInjector(app, self.meanwhile)
        self.collect_messages()
        if dispatched:
            self.do(lambda faults: self.dispatch(1, faults), [])

    def remember_stored_predictions(self) -> None:
        save = self.app.store.save_item

        def remember(owner: str, batch_id: str, item: Item) -> Item:
            saved = save(owner, batch_id, item)
            self.stored.add(saved.state.prediction)
            return saved

        self.app.store.save_item = remember  # type: ignore[method-assign]

    @rule(data=st.data(), troubles=TROUBLES)
    def step(self, data: st.DataObject, troubles: InjectedFaults) -> None:
        menu = self.menu()
        self.do(menu[data.draw(st.sampled_from(names_of(menu)))], troubles)

    def meanwhile(self, fault: InjectedFault) -> None:
        """What somebody else does right before a call of a process that is at work."""
        if self.depth > 2:
            return
        self.collect_messages()
        menu = self.menu()
        names = names_of(menu)
        name = fault.who if isinstance(fault.who, str) else names[fault.who % len(names)]
        after = fault.dies_after
        dies = [] if after is None else [InjectedFault(after, FaultKind.KILL)]
        if name in menu:
            self.do(menu[name], dies)

    def do(
        self,
        act: Act,
        troubles: InjectedFaults,
    ) -> None:
        self.depth += 1
        act(troubles)
        self.depth -= 1
        self.collect_messages()

    # --- what AWS and people do

    def menu(self) -> dict[str, Act]:
        menu: dict[str, Act] = {
            "a minute passes": lambda _: self.pass_time(75),
            "the model is unavailable": lambda _: self.open_breaker(),
            "cancel": self.cancel,
            "sweep": self.repair_stalled_batches,
        }
        for at, message in enumerate(self.inbox[:6]):
            menu[f"deliver {at}"] = lambda t, m=message: self.deliver(m, t)
            if self.buried < 2:
                menu[f"bury {at}"] = lambda _, m=message: self.bury(m)
        for at, message in enumerate(self.dead):
            menu[f"give up {at}"] = lambda t, m=message: self.give_up(m, t)
        for round_ in self.dispatches[:2]:
            menu[f"dispatch {round_}"] = lambda t, r=round_: self.dispatch(r, t)
        for at, run in enumerate(self.runs.values()):
            if run.step != "over":
                menu[f"finalize {at}"] = lambda t, r=run: self.finalize(r, t)
                menu[f"stop finalizer {at}"] = lambda t, r=run: self.stop(r, t)
        if self.app.batch.finished:
            menu["retry"] = self.retry
            menu["redo all"] = lambda t: self.redo(range(self.size), t)
            for index in {0, self.size - 1}:
                menu[f"redo {index}"] = lambda t, n=index: self.redo([n], t)
                menu[f"choose of {index}"] = lambda t, n=index: self.choose(n, t)
            menu["build again"] = self.rebuild
            menu["hours pass"] = lambda _: self.pass_time(6 * 3600 + 2)
        if self.requests:
            menu["retry as before"] = self.retry_as_before
        return menu

    def deliver(self, message: ItemMessage, troubles: InjectedFaults) -> None:
        """Acknowledged by one delivery, a message is gone for all."""
        end = self.app.clock.now() + timedelta(seconds=WORKER)
        done, busy = self.injector.run(lambda: self.app.deliver(message, WORKER), troubles, end)
        if done and busy is None and message in self.inbox:
            self.inbox.remove(message)

    def bury(self, message: ItemMessage) -> None:
        self.buried += 1
        self.inbox.remove(message)
        self.dead.append(message)

    def give_up(self, message: ItemMessage, troubles: InjectedFaults) -> None:
        app, end = self.app, self.app.clock.now() + timedelta(seconds=LONG)
        done, busy = self.injector.run(lambda: app.dead_letter(message, LONG), troubles, end)
        if done and busy is None and message in self.dead:
            self.dead.remove(message)

    def dispatch(self, round_: int, troubles: InjectedFaults) -> None:
        def dispatch() -> None:
            self.app.dispatch_items(OWNER, "b1", round_)

        if self.process(dispatch, troubles) and round_ in self.dispatches:
            self.dispatches.remove(round_)

    def cancel(self, troubles: InjectedFaults) -> None:
        self.asked(lambda: self.app.cancel_batch(OWNER, "b1"), troubles)

    def retry(self, troubles: InjectedFaults) -> None:
        self.requests += 1
        self.retry_as_before(troubles)

    def retry_as_before(self, troubles: InjectedFaults) -> None:
        """One request opens at most one round, however often it comes."""
        request = f"request {self.requests}"
        self.asked(lambda: self.app.retry_batch(OWNER, "b1", request), troubles)
        assert self.app.batch.round <= 1 + self.requests

    def redo(self, indices: Iterable[int], troubles: InjectedFaults) -> None:
        self.requests += 1
        self.redone |= {*indices}
        wanted = RedoRequest(items=[f"c{index}" for index in indices])
        request = f"request {self.requests}"
        self.asked(lambda: self.app.redo(OWNER, "b1", request, wanted), troubles)
        assert self.app.batch.round <= 1 + self.requests

    def choose(self, index: int, troubles: InjectedFaults) -> None:
        """The oldest version that is still there."""
        versions = self.app.item(index).all_versions
        kept = [n for n, version in enumerate(versions, start=1) if not version.lost]
        if kept:
            self.choices[index] += 1
            self.asked(lambda: self.app.choose(OWNER, "b1", f"c{index}", kept[0]), troubles)

    def rebuild(self, troubles: InjectedFaults) -> None:
        self.asked(lambda: self.app.rebuild(OWNER, "b1"), troubles)

    def asked(self, act: Callable[[], object], troubles: InjectedFaults) -> None:
        """A request that dies half way is not repeated: the sweeper has to see to it."""

        def request() -> None:
            with suppress(StateConflictError):
                act()

        if not self.process(request, troubles):
            self.unfollowed = True

    def repair_stalled_batches(self, troubles: InjectedFaults) -> None:
        self.pass_time(15 * 60 + 1)
        self.process(lambda: list(self.app.repair_stalled_batches()), troubles)

    def finalize(self, run: Run, troubles: InjectedFaults) -> None:
        """The next step of an execution; one that fails is run again later."""

        step = run.step

        def act() -> None:
            finalize = self.app.finalize
            if step == "publish":
                finalize.publish(run.finalizer_run, run.built)
            else:
                built = getattr(finalize, step)(run.finalizer_run)
                run.built = built.get("archive", run.built)

        if self.process(act, troubles) and run.step == step:
            run.step = NEXT.get(step, "over")
            if run.step == "over":
                self.app.finalizer.end("b1", run.finalizer_run.round, run.finalizer_run.attempt)

    def stop(self, run: Run, troubles: InjectedFaults) -> None:
        """An execution gives up, or is ended from outside before it can."""
        if run.step in ("build", "publish"):
            self.process(lambda: self.app.finalize.give_up(run.finalizer_run), troubles)
            self.unfollowed = True
        run.step = "over"
        self.app.finalizer.end("b1", run.finalizer_run.round, run.finalizer_run.attempt)

    def process(self, act: Callable[[], object], troubles: InjectedFaults) -> bool:
        end = self.app.clock.now() + timedelta(days=1)
        return self.injector.run(act, troubles, end)[0]

    def open_breaker(self) -> None:
        """For the model of all batches, by the failures of another one."""
        until = self.app.clock.now() + timedelta(minutes=1)
        known = self.app.breakers.breakers.get(BREAKER, CircuitBreaker())
        opened = replace(known, failures=OPENS_AFTER, open_until=until, version=known.version + 1)
        self.app.breakers.breakers[BREAKER] = opened
        self.calm = False

    def pass_time(self, seconds: float) -> None:
        self.app.clock.advance(seconds)

    def collect_messages(self) -> None:
        while (message := self.app.queue.pop()) is not None:
            self.inbox.append(message)
        while (order := self.app.dispatch.pop()) is not None:
            self.dispatches.append(order.round)
        for started in self.app.finalizer.started:
            finalizer_run = FinalizerRun(*started)
            self.runs.setdefault(started, Run(finalizer_run))

    # --- what always holds

    @invariant()
    def the_books_are_in_order(self) -> None:
        batch = self.app.batch
        assert batch.total == self.size
        if batch.state.last_dispatched_round:
            assert len(self.app.statuses) == self.size
        assert self.cap is None or batch.money.committed <= self.cap

    @invariant()
    def no_row_is_asked_for_more_often_than_is_recorded(self) -> None:
        """A cancelled prediction whose ID was never stored is no attempt: a lookup cannot tell the
        worker's own cancel from the provider's.
        """
        for item in self.app.store.items(OWNER, "b1"):
            made = [each for each in self.app.provider.made if each.prompt == item.prompt]
            cancelled = [m for m in made if m.cancelled or m.end.status is CANCELLED]
            creates = len(made) - sum(each.id not in self.stored for each in cancelled)
            assert creates <= item.state.attempts <= 2 * self.app.batch.round

    @invariant()
    def an_item_settles_once_a_round(self) -> None:
        settled = Counter(
            (change.item.index, change.item.round)
            for change in self.app.store.changes(OWNER, "b1", 0, 10_000)
            if change.item is not None and change.item.status in SETTLED
        )
        # A choice tells of an item again that has settled before.
        assert all(times <= 1 + self.choices[index] for (index, _), times in settled.items())

    @invariant()
    def a_finished_image_is_never_thrown_away(self) -> None:
        for item in self.app.store.items(OWNER, "b1"):
            made = [version.image for version in item.all_versions]
            known = self.images.setdefault(item.index, [])
            assert made[: len(known)] == known
            assert item.image is None or item.image in made
            known[:] = made

    @invariant()
    def what_is_open_is_in_a_queue(self) -> None:
        """Without a sweeper: some message brings every claimed item on, and the round with it."""
        batch = self.app.batch
        if batch.state.last_dispatched_round < batch.round or batch.round in self.dispatches:
            return
        queued = {m.index for m in (*self.inbox, *self.dead) if m.round == batch.round}
        items = self.app.store.items(OWNER, "b1")
        shown = {item.index: effective_item_status(batch, item) for item in items}
        claimed = {index for index, status in shown.items() if status is ItemStatus.PROCESSING}
        assert claimed <= queued
        assert queued or not batch.counts.pending

    @invariant()
    def a_round_that_is_over_is_being_archived(self) -> None:
        batch = self.app.batch
        run = Started(OWNER, "b1", batch.round, batch.state.attempt)
        started = run in self.app.finalizer.started
        if batch.status is BatchStatus.ARCHIVING and not started and not self.unfollowed:
            assert self.inbox or self.dead or self.dispatches

    def check(self) -> None:
        self.the_books_are_in_order()
        self.no_row_is_asked_for_more_often_than_is_recorded()
        self.an_item_settles_once_a_round()
        self.a_finished_image_is_never_thrown_away()
        self.what_is_open_is_in_a_queue()
        self.a_round_that_is_over_is_being_archived()

    # --- and in the end

    def teardown(self) -> None:
        if not hasattr(self, "app"):
            return
        calm, app = self.calm and not self.injector.injected, self.app
        for _ in range(100):
            if app.batch.finished:
                break
            self.drain()
        batch = app.batch
        assert batch.finished
        assert batch.money.committed == batch.money.actual
        if batch.state.archive is not None:
            current = not batch.archive_outdated and not batch.rebuilding
            names = [f"car-{n}.png" for n, letter in enumerate(app.statuses) if letter == "s"]
            found = app.builder.images(batch.state.archive.key)
            assert [name for name in found if not name.startswith("alternates/")] == names
            if current:
                chosen = [i.image.key for i in app.store.items(OWNER, "b1") if i.image]
                stored = [m.key for m in app.builder.built[batch.state.archive.key][: len(names)]]  # type: ignore[union-attr]  # images come first
                assert stored == chosen
        if calm:
            for item in app.store.items(OWNER, "b1"):
                if item.index in self.redone:
                    continue
                wanted = {ItemStatus.SUCCEEDED: {1}, ItemStatus.CANCELLED: {0, 1}}
                creates = app.provider.creates(item.prompt)
                assert creates in wanted.get(effective_item_status(batch, item), {0, 1, 2})

    def drain(self) -> None:
        self.repair_stalled_batches([])
        self.collect_messages()
        for round_ in list(self.dispatches):
            self.do(lambda t, r=round_: self.dispatch(r, t), [])
        for message in list(self.inbox):
            self.do(lambda t, m=message: self.deliver(m, t), [])
        for message in list(self.dead):
            self.do(lambda t, m=message: self.give_up(m, t), [])
        for run in [r for r in self.runs.values() if r.step in ("build", "publish")]:
            self.do(lambda t, r=run: self.finalize(r, t), [])


def names_of(menu: Iterable[str]) -> list[str]:
    """Deliveries are what happens most."""
    names = sorted(menu)
    return names + 3 * [name for name in names if name.startswith(("deliver", "give up"))]
