"""A batch always ends, whatever a provider, a picture or a part of ours does."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from imagebatch.domain.batch import BatchStatus
from imagebatch.domain.errors import FailureCode, UnavailableError
from imagebatch.ports import ItemMessage
from tests.usecases.app_harness import OWNER, AppHarness

RECEIVES = 3
BOUND = timedelta(seconds=300 + 600 + 300)
"""The item's deadline, the grace for an image that was paid for, and the queue's receives."""
FOREVER = 100_000
PORTS: Mapping[str, Callable[[AppHarness], Any]] = {
    "get": lambda app: app.provider,
    "cancel": lambda app: app.provider,
    "fetch": lambda app: app.provider,
    "validate": lambda app: app.validator,
    "draw": lambda app: app.thumbnailer,
    "head": lambda app: app.media,
    "put": lambda app: app.media,
}
ERRORS = [
    KeyError("location"),
    ValueError("Out of range float values are not JSON compliant"),
    RecursionError("maximum recursion depth exceeded"),
    IndexError("index out of range"),
    OSError("cannot read the colour profile"),
    UnavailableError("S3 is down"),
]


def break_port(app: AppHarness, call: str, error: Exception) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    setattr(PORTS[call](app), call, fail)


def run_to_the_end(app: AppHarness) -> None:
    """As the queue does: three receives, then the dead-letter function until it lets go."""
    while app.queue.waiting:
        sent = app.queue.waiting[0]
        app.clock.advance(sent.delay)
        message = app.queue.pop()
        assert message is not None
        if not any(delivered(app, message) for _ in range(RECEIVES)):
            bury(app, message)


def delivered(app: AppHarness, message: ItemMessage) -> bool:
    try:
        return app.deliver(message) is None
    except Exception:  # noqa: BLE001 - Lambda gives any error back to the queue
        app.clock.advance(75)
        return False


def bury(app: AppHarness, message: ItemMessage) -> None:
    while busy := app.dead_letter(message, 120):
        app.clock.advance((busy.until - app.clock.now()).total_seconds())


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("call", PORTS)
def test_an_item_ends_whatever_a_call_raises(app: AppHarness, call: str, error: Exception) -> None:
    app.start(1)
    break_port(app, call, error)
    run_to_the_end(app)
    assert app.batch.status is BatchStatus.ARCHIVING
    assert app.clock.now() - app.batch.created_at < BOUND
    failure = app.item(0).failure
    if failure is not None:
        ends = {FailureCode.CRASHED, FailureCode.INVALID_OUTPUT, FailureCode.DEADLINE_EXCEEDED}
        assert failure.code in ends


@pytest.mark.parametrize("call", PORTS)
def test_a_cancel_ends_whatever_a_call_raises(app: AppHarness, call: str) -> None:
    app.start(1)
    break_port(app, call, KeyError("location"))
    app.provider.after_create = lambda _: app.cancel_batch(OWNER, "b1") and None
    run_to_the_end(app)
    assert app.batch.status is BatchStatus.ARCHIVING
    assert app.clock.now() - app.batch.created_at < BOUND


def test_a_create_that_raises_anything_is_a_lost_answer(app: AppHarness) -> None:
    app.start(1)
    break_port_of_create(app)
    run_to_the_end(app)
    assert app.statuses == "f"
    assert app.item(0).attempts == 2


def break_port_of_create(app: AppHarness) -> None:
    def fail(*_: object) -> None:
        raise TypeError("not a string")

    app.provider.create = fail  # type: ignore[assignment]
