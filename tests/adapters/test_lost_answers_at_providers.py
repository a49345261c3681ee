"""Answers to creates that are lost, and workers that die, over the providers' real clients."""

from collections.abc import Iterator
from copy import replace
from datetime import timedelta
from random import Random

import pytest

from imagebatch.domain.errors import FailureCode
from imagebatch.domain.statuses import ItemStatus
from imagebatch.ports.item_queue import ItemMessage, RetryLater
from testing.app_harness import PRICE
from tests.adapters.live_app import MODELS, LiveApp
from tests.usecases.fault_injection import FaultInjector, FaultKind, InjectedFault
from tests.usecases.scheduler import Scheduler

pytestmark = pytest.mark.slow

ROWS = 60
WORKER_SECONDS = 60.0
SLOW_SECONDS = 15
"""Longer than the pause before a lost create is looked for."""
WAYS_TO_LOSE = ["cut_after", "half", "garbled"]


@pytest.fixture
def app() -> Iterator[LiveApp]:
    with LiveApp() as app:
        yield app


class Reaper:
    """Kills a third of the deliveries at a random call, before it or right after it."""

    def __init__(self, app: LiveApp, provider: str, seed: int) -> None:
        self.app, self.killed = app, 0
        self.random = Random(seed)  # noqa: S311 - a walk to be walked again
        app.provider = app.clients[provider]  # type: ignore[assignment]
        self.injector = FaultInjector(app, lambda _: None)

    def __call__(self, message: ItemMessage) -> RetryLater | None:
        kind = self.random.choice([FaultKind.KILL, FaultKind.KILL_AFTER])
        dies = self.random.random() < 0.35
        plan = [InjectedFault(self.random.randrange(14), kind)] if dies else []
        end = self.app.clock.now() + timedelta(seconds=WORKER_SECONDS)
        done, busy = self.injector.run(lambda: self.app.deliver(message, WORKER_SECONDS), plan, end)
        if not done:
            self.killed += 1
            raise RuntimeError("killed")
        return busy  # type: ignore[no-any-return]


def run(app: LiveApp, provider: str, seed: int, way: str = "cut_after") -> None:
    lost = app.fake.script(way, every=3)
    reaper = Reaper(app, provider, seed)
    model = replace(MODELS[provider], typical_seconds=3.0 * SLOW_SECONDS)
    app.start(ROWS, models=(model,))
    Scheduler(app, reaper).run()
    assert reaper.killed > 10
    assert app.fake.fired(lost) >= ROWS // 3
    assert app.times_settled == dict.fromkeys(range(ROWS), 1)
    assert app.batch.money.committed == app.batch.money.actual


@pytest.mark.parametrize(("seed", "way"), [*enumerate(WAYS_TO_LOSE)])
def test_sixty_rows_are_sixty_creates_at_replicate(app: LiveApp, seed: int, way: str) -> None:
    run(app, "replicate", seed, way)
    assert app.statuses == ROWS * "s"
    assert len(app.fake.creates()) == len(app.fake.billed()) == ROWS
    assert len(app.images) == ROWS
    assert app.batch.money.actual == ROWS * PRICE


def test_fal_finds_what_has_ended_by_then(app: LiveApp) -> None:
    """It lists requests that have ended, which these have when they are looked for."""
    run(app, "fal", 3)
    assert app.statuses == ROWS * "s"
    assert len(app.fake.billed()) == ROWS
    assert app.batch.money.actual >= ROWS * PRICE


@pytest.mark.parametrize("provider", ["runpod", "fal"])
def test_undecided_create_is_spent_and_uses_an_attempt(app: LiveApp, provider: str) -> None:
    """RunPod lists nothing, and fal no request that is at work."""
    app.fake.latency = SLOW_SECONDS
    run(app, provider, 4)
    items = [app.item(index) for index in range(ROWS)]
    assert len(app.fake.billed()) * PRICE <= app.batch.money.actual <= 2 * ROWS * PRICE
    assert max(len(app.fake.billed(f"^{n}$")) for n in range(ROWS)) == 2
    failed = [item for item in items if item.status is ItemStatus.FAILED]
    assert {item.state.attempts for item in failed} <= {2}
    assert {item.failure.code for item in failed if item.failure} <= {
        FailureCode.PROVIDER_UNAVAILABLE
    }
    assert len(app.images) == ROWS - len(failed)
