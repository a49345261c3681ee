"""A provider that answers nothing for a while: nothing is lost, nothing is asked in vain."""

from datetime import timedelta

import pytest

from imagebatch.domain.circuit_breaker import CircuitBreaker
from imagebatch.domain.errors import (
    FailureCode,
    ProviderError,
    ProviderUnavailableError,
    UnavailableError,
)
from imagebatch.domain.round_state import BlockReason, ProviderWait
from imagebatch.domain.statuses import BatchStatus, ItemStatus
from testing.app_harness import OWNER, PRICE, AppHarness
from testing.fakes.system import START
from testing.records import change_batch
from tests.usecases.scheduler import Scheduler
from tests.usecases.test_process_item import failed

DOWN = ProviderUnavailableError("503")
BREAKER = ("scripted", "m")


def outage(app: AppHarness, begins: float, ends: float) -> None:
    """No create is answered between these seconds from the start."""

    def answer(_: str) -> ProviderError | None:
        passed = (app.clock.now() - START).total_seconds()
        return DOWN if begins <= passed < ends else None

    app.provider.outage = answer


def waits(app: AppHarness) -> ProviderWait | None:
    return app.batch.waiting_for(app.clock.now())


def test_an_outage_of_half_a_minute_burns_no_row(app: AppHarness) -> None:
    outage(app, 10, 40)
    app.start(20)
    scheduler = Scheduler(app)
    scheduler.run(until=lambda: waits(app) is not None)
    waiting = waits(app)
    assert waiting is not None
    assert (waiting.reason, waiting.until > app.clock.now()) == ("provider_unavailable", True)
    scheduler.run()
    assert app.statuses == 20 * "s"
    assert {app.item(index).state.attempts for index in range(20)} == {1}
    assert (len(app.provider.made), app.batch.money.actual) == (20, 20 * PRICE)


def test_a_create_in_vain_is_repeated_after_growing_pauses(app: AppHarness) -> None:
    outage(app, 0, 60)
    app.start(1)
    app.drain()
    assert [sent.delay for sent in app.queue.sent] == [0, 10, 20, 40]
    assert (app.statuses, app.item(0).state.attempts) == ("s", 1)


def test_a_message_repeated_in_a_pause_is_harmless(app: AppHarness) -> None:
    outage(app, 0, 5)
    app.start(1)
    message = app.queue.sent[0].message
    app.deliver(message)
    app.clock.advance(6)
    app.deliver(message)
    app.drain()
    assert (app.statuses, len(app.provider.made)) == ("s", 1)


def test_waiting_does_not_count_towards_an_items_time(app: AppHarness) -> None:
    outage(app, 0, 600)
    app.start(1)
    Scheduler(app).run()
    assert app.statuses == "s"


def test_patience_ends_and_rows_fail_unbilled(app: AppHarness) -> None:
    outage(app, 0, 10**6)
    app.start(20)
    Scheduler(app).run()
    passed = app.clock.now() - START
    assert app.statuses == 20 * "f"
    assert timedelta(seconds=900) <= passed < timedelta(seconds=1200)
    assert {error.failure.code for error in app.batch.errors} == {FailureCode.PROVIDER_UNAVAILABLE}
    assert app.batch.status is BatchStatus.ARCHIVING
    assert app.batch.money.committed == 0


def test_failing_row_does_not_delay_others(app: AppHarness) -> None:
    app.provider.script("0", *[DOWN] * 100)
    app.start(9)
    Scheduler(app).run()
    assert app.statuses == "f" + 8 * "s"
    assert app.clock.now() - START < timedelta(seconds=1200)
    assert app.item(0).state.attempts == 2


def test_open_breaker_blocks_creates_until_half_open(app: AppHarness) -> None:
    outage(app, 0, 10**6)
    app.start(5)
    scheduler = Scheduler(app)
    scheduler.run(until=lambda: waits(app) is not None)
    asked = app.provider.asked["m"]
    assert asked == 5
    until = app.batch.state.waiting.until  # type: ignore[union-attr]
    scheduler.run(until=lambda: app.clock.now() >= until)
    assert app.provider.asked["m"] - asked <= 1


def test_another_batch_of_the_model_waits_too(app: AppHarness) -> None:
    later = START + timedelta(seconds=45)
    app.breakers.breakers[BREAKER] = CircuitBreaker(failures=5, open_until=later, version=1)
    app.start(2)
    app.deliver()
    assert waits(app) == ProviderWait(BlockReason.UNAVAILABLE, later, START)
    assert (app.statuses, app.provider.asked["m"]) == ("pp", 0)
    app.drain()
    assert app.statuses == "ss"
    assert app.breakers.breakers[BREAKER].at_rest


def test_waiting_item_is_not_reported_again(app: AppHarness) -> None:
    app.provider.script("1", *[failed(FailureCode.PROVIDER_REJECTED)] * 2)
    app.run(2)
    assert app.statuses == "sf"
    batch = app.retry_batch(OWNER, "b1")
    app.dispatch_items(OWNER, "b1", batch.round)
    later = app.clock.now() + timedelta(seconds=45)
    app.breakers.breakers[BREAKER] = CircuitBreaker(failures=5, open_until=later, version=1)
    app.deliver()
    assert waits(app) is not None
    reported = app.store.changes(OWNER, "b1", batch.version, 100)
    assert [change.item for change in reported] == [None] * len(reported)
    app.drain()
    [*_, end] = app.store.changes(OWNER, "b1", 0, 100)
    assert (end.item and (end.item.status, end.item.round)) == (ItemStatus.FAILED, 2)


def test_half_open_lets_exactly_one_create_through(app: AppHarness) -> None:
    app.breakers.breakers[BREAKER] = CircuitBreaker(failures=5, open_until=START, version=1)
    app.start(3)
    first, second, _ = (sent.message for sent in app.queue.sent)
    app.provider.after_create = lambda _: app.deliver(second) and None
    app.provider.seconds = 1
    app.deliver(first)
    assert app.provider.asked["m"] == 1
    app.drain()
    assert app.statuses == "sss"


def test_half_open_breaker_allows_one_create(app: AppHarness) -> None:
    app.breakers.breakers[BREAKER] = CircuitBreaker(failures=5, open_until=START, version=1)
    app.start(2)
    first, second = (sent.message for sent in app.queue.sent)
    seen: list[int] = []

    def overtaken() -> None:
        app.deliver(second)
        seen.append(app.provider.asked["m"])
        app.breakers.breakers[BREAKER] = CircuitBreaker(5, START + timedelta(minutes=1), 9)

    app.breakers.before_next("save", overtaken)
    app.deliver(first)
    assert seen == [1]
    assert app.provider.asked["m"] == 1


def test_a_cancel_settles_waiting_rows_at_once(app: AppHarness) -> None:
    outage(app, 0, 10**6)
    app.start(3)
    Scheduler(app).run(until=lambda: waits(app) is not None)
    assert app.cancel_batch(OWNER, "b1").status is BatchStatus.ARCHIVING
    assert app.statuses == "ccc"


def test_the_sweeper_leaves_a_batch_alone_that_waits(app: AppHarness) -> None:
    app.start(1)
    batch = app.batch
    until = app.clock.now() + timedelta(hours=1)
    app.records.update(
        OWNER,
        "b1",
        lambda b: change_batch(b, waiting=ProviderWait(BlockReason.RATE_LIMITED, until)),
    )
    app.clock.advance(30 * 60)
    sent = len(app.queue.sent)
    assert list(app.repair_stalled_batches()) == []
    assert len(app.queue.sent) == sent
    app.clock.advance(31 * 60)
    assert [each.id for each in app.repair_stalled_batches()] == [batch.id]


@pytest.mark.parametrize("call", ["get", "save"])
def test_unwritable_breaker_does_not_block_items(app: AppHarness, call: str) -> None:
    outage(app, 0, 5)
    app.start(1)
    app.breakers.fail_next(call, UnavailableError("throttled"))
    Scheduler(app).run()
    assert (app.statuses, len(app.provider.made)) == ("s", 1)
