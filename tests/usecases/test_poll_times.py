"""When a worker asks for its prediction: as soon as it may be done, whatever else takes time."""

from datetime import datetime
from typing import Any

import pytest

from imagebatch.ports.providers import Prediction
from testing.app_harness import AppHarness
from testing.models import a_model

LATE = 0.021
"""The schedule's own margin, and the clock's precision."""


@pytest.fixture(params=[2.0, 6.0])
def app(request: pytest.FixtureRequest) -> AppHarness:
    """One whose worker has generated an image and knows how long that takes."""
    app = AppHarness(seconds=request.param)
    app.start(5, models=(a_model(typical_seconds=20.0),))
    app.deliver()
    return app


@pytest.fixture
def polls(app: AppHarness, monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    times: list[datetime] = []
    look = app.provider.get

    def noted(*arguments: Any) -> Prediction:
        times.append(app.clock.now())
        return look(*arguments)

    monkeypatch.setattr(app.provider, "get", noted)
    return times


def late(app: AppHarness, poll: datetime) -> float:
    return (poll - app.provider.made[-1].ready).total_seconds()


def test_slow_writes_and_reads_delay_no_poll(app: AppHarness, polls: list[datetime]) -> None:
    slow = {app.ledger: "hold", app.store: "save_item"}
    for port, call in slow.items():
        port.before_next(call, lambda: app.clock.advance(0.3))
    app.store.before_next("get", lambda: app.clock.advance(0.2), times=9)
    app.deliver()
    assert len(polls) == 1
    assert 0 <= late(app, polls[0]) <= LATE


def test_no_read_of_the_batch_precedes_a_poll(app: AppHarness, polls: list[datetime]) -> None:
    """One when it is delivered, one every two seconds and one before it is settled."""
    reads = app.store.calls["get"]
    app.deliver()
    assert len(polls) == 1
    assert app.store.calls["get"] - reads == {2.0: 2, 6.0: 4}[app.provider.seconds]


def test_cancel_is_noticed_at_the_poll(app: AppHarness, polls: list[datetime]) -> None:
    app.provider.after_create = lambda _: app.cancel_batch("ann", "b1")
    app.provider.seconds = 60
    app.deliver()
    assert app.provider.made[-1].cancelled
    assert (app.clock.now() - app.provider.made[-1].created).total_seconds() < 3
