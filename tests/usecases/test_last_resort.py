"""A batch always ends, whatever a provider, a picture or a part of ours does."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from imagebatch.domain.errors import FailureCode, UnavailableError
from imagebatch.domain.statuses import BatchStatus
from imagebatch.ports.item_queue import ItemMessage
from testing.app_harness import OWNER, PRICE, AppHarness
from testing.fakes.provider import NEVER_ARRIVED
from tests.usecases.fault_injection import KilledError

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
    "create": lambda app: app.provider,
    "find_created": lambda app: app.provider,
}
HARMLESS = {"cancel", "draw", "find_created", "head"}
"""What nothing depends on here: an item ends well without it."""
DOWN = UnavailableError("the table is down")
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
    except (Exception, KilledError):  # noqa: BLE001 - Lambda gives any error back to the queue
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
    assert (failure is None) == (call in HARMLESS)
    assert_ours(app)


@pytest.mark.parametrize("call", PORTS)
def test_a_cancel_ends_whatever_a_call_raises(app: AppHarness, call: str) -> None:
    app.start(1)
    break_port(app, call, KeyError("location"))
    app.provider.after_create = lambda _: app.cancel_batch(OWNER, "b1") and None
    run_to_the_end(app)
    assert app.batch.status is BatchStatus.ARCHIVING
    assert app.clock.now() - app.batch.created_at < BOUND


@pytest.mark.parametrize("lists", [True, False])
@pytest.mark.parametrize("call", ["create", "find_created"])
def test_unexpected_create_error_is_not_the_providers(
    app: AppHarness, call: str, *, lists: bool
) -> None:
    """Whether it arrived is looked for; where that cannot be decided, its tries are used up."""
    app.provider.lists = lists
    app.start(1)
    if call == "find_created":
        app.provider.script("0", *[NEVER_ARRIVED] * 9)
    break_port(app, call, TypeError("not a string"))
    run_to_the_end(app)
    assert app.statuses == "f"
    assert_ours(app)
    assert app.breakers.breakers == {} or call == "find_created"


def test_workers_dying_in_creates_open_no_breaker(app: AppHarness) -> None:
    """Of a provider that lists nothing: the money counts as spent."""
    app.provider.lists = False
    app.start(1)
    app.provider.after_create = die
    run_to_the_end(app)
    assert app.item(0).state.attempts == 2
    assert app.batch.money.actual == 2 * PRICE
    assert_ours(app)


@pytest.mark.parametrize("call", ["hold", "save"])
def test_unstorable_prediction_id_uses_no_attempt(app: AppHarness, call: str) -> None:
    """The prediction is told to stop, and another is made: the table's fault costs nothing."""
    store = app.ledger if call == "hold" else app.store
    calls = {"hold": "hold", "save": "save_item"}
    app.provider.after_create = lambda _: store.fail_next(calls[call], DOWN, times=1)
    app.provider.seconds = 20
    app.start(1)
    message = app.queue.sent[0].message
    assert not delivered(app, message)
    app.provider.after_create = lambda _: None
    run_to_the_end(app)
    assert (app.statuses, app.item(0).state.attempts) == ("s", 1)
    assert [made.cancelled for made in app.provider.made] == [True, False]
    assert app.batch.money.actual == PRICE


def die(_: object) -> None:
    raise KilledError


def assert_ours(app: AppHarness) -> None:
    """No failure is booked as the provider's."""
    failures = [item.failure for item in app.store.items(OWNER, "b1") if item.failure]
    assert {failure.code for failure in failures} <= {FailureCode.CRASHED}
