"""The models that a batch goes on to when the one before cannot be had."""

import csv
import io
from datetime import timedelta
from decimal import Decimal
from itertools import count

import pytest

from imagebatch.domain.circuit_breaker import CircuitBreaker
from imagebatch.domain.errors import (
    FailureCode,
    ModelUnavailableError,
    ProviderError,
    ProviderUnavailableError,
    RateLimitedError,
)
from imagebatch.domain.statuses import BatchStatus
from imagebatch.formats.zip_layout import TextMember
from imagebatch.ports.images import BadImageError
from testing.app_harness import MODEL, OTHER_MODEL, OWNER, PRICE, AppHarness
from testing.fakes.system import START
from testing.models import a_model
from tests.usecases.scheduler import Scheduler

FIRST = a_model("first", price="0.02")
SECOND = a_model("second", price="0.05", fields={"prompt": "text"}, constants={"steps": 4})
CHAIN = (FIRST, SECOND)
LIMITED = RateLimitedError("slow down", 30)
GONE = ModelUnavailableError("no such model")


def answering(app: AppHarness, model: str, error: ProviderError, seconds: float = 10**6) -> None:
    """The model answers every create with the error for so long."""

    def answer(asked: str) -> ProviderError | None:
        passed = (app.clock.now() - START).total_seconds()
        return error if asked == model and passed < seconds else None

    app.provider.outage = answer


def run(app: AppHarness, size: int = 6, **facts: object) -> None:
    app.start(size, models=CHAIN, **facts)
    Scheduler(app).run()


def made_by(app: AppHarness) -> list[str]:
    return [app.item(index).model for index in range(app.batch.total)]


def test_rate_limited_model_falls_back_after_a_minute(app: AppHarness) -> None:
    answering(app, "first", LIMITED)
    app.start(6, models=CHAIN)
    scheduler = Scheduler(app)
    scheduler.run(until=lambda: bool(app.provider.made))
    assert timedelta(seconds=60) <= app.clock.now() - START < timedelta(seconds=90)
    scheduler.run()
    assert (app.statuses, made_by(app)) == ("s" * 6, ["second"] * 6)
    assert len(app.provider.made) == 6
    assert {app.item(index).state.attempts for index in range(6)} == {1}


def test_wait_before_fallback_is_bounded(app: AppHarness) -> None:
    answering(app, "first", RateLimitedError("slow down", 300))
    run(app, 1)
    assert made_by(app) == ["second"]
    assert app.clock.now() - START < timedelta(seconds=90)


@pytest.mark.slow
def test_a_model_that_answers_again_is_preferred_again(app: AppHarness) -> None:
    answering(app, "first", LIMITED, 80)
    app.provider.seconds = 20
    run(app, 12)
    assert app.statuses == "s" * 12
    assert set(made_by(app)) == {"first", "second"}
    assert app.item(11).model == "first"


def test_a_short_rate_limit_is_waited_for(app: AppHarness) -> None:
    answering(app, "first", LIMITED, 20)
    run(app)
    assert set(made_by(app)) == {"first"}


@pytest.mark.slow
def test_a_model_that_takes_creates_between_is_not_left(app: AppHarness) -> None:
    """However long its images take: it does not answer only 429."""
    asked = count()
    app.provider.outage = lambda _: RateLimitedError("slow", 20) if next(asked) % 2 else None
    app.provider.seconds = 200
    run(app, 9)
    assert app.clock.now() - START > timedelta(seconds=120)
    assert (app.statuses, set(made_by(app))) == ("s" * 9, {"first"})


def test_open_breaker_moves_to_the_fallback(app: AppHarness) -> None:
    answering(app, "first", ProviderUnavailableError("503"))
    run(app, 20)
    assert (app.statuses, set(made_by(app))) == ("s" * 20, {"second"})
    assert app.provider.asked["first"] < 12
    assert len(app.provider.made) == 20


def test_a_breaker_that_is_open_already_costs_no_wait(app: AppHarness) -> None:
    later = START + timedelta(minutes=5)
    app.breakers.breakers["scripted", "first"] = CircuitBreaker(9, later, 1)
    run(app)
    assert (app.provider.asked["first"], set(made_by(app))) == (0, {"second"})
    assert app.clock.now() - START < timedelta(seconds=30)


def test_gone_model_falls_back_immediately(app: AppHarness) -> None:
    answering(app, "first", GONE)
    run(app)
    assert (app.statuses, set(made_by(app))) == ("s" * 6, {"second"})
    assert app.provider.asked["first"] == 1
    assert app.clock.now() - START < timedelta(seconds=30)


def test_a_gone_model_without_another_stops_the_round_unbilled(app: AppHarness) -> None:
    answering(app, "first", GONE)
    app.start(6, models=(FIRST,))
    Scheduler(app).run()
    assert (app.statuses, app.provider.asked["first"]) == ("ffffff", 1)
    codes = {app.item(index).failure.code for index in range(6)}  # type: ignore[union-attr]
    assert codes == {FailureCode.MODEL_UNAVAILABLE}
    assert (app.batch.money.committed, app.batch.status) == (0, BatchStatus.ARCHIVING)
    assert all(code.retryable for code in codes)


def test_a_chain_that_is_gone_stops_the_round(app: AppHarness) -> None:
    app.provider.outage = lambda _: GONE
    run(app)
    assert app.statuses == "ffffff"
    assert app.provider.asked == {"first": 1, "second": 1}


def test_a_retry_asks_the_first_model_again(app: AppHarness) -> None:
    app.provider.outage = lambda _: GONE
    app.start(6, models=(MODEL, OTHER_MODEL))
    Scheduler(app).run()
    app.finish()
    app.provider.outage = lambda _: None
    app.retry_batch(OWNER, "b1")
    app.dispatch_items(OWNER, "b1", 2)
    Scheduler(app).run()
    assert (app.statuses, set(made_by(app))) == ("s" * 6, {MODEL.id})


def test_each_model_is_sent_its_own_input(app: AppHarness) -> None:
    answering(app, "first", GONE)
    app.start(1, models=CHAIN)
    Scheduler(app).run()
    request = app.process_item.perform.gateway.request(app.batch, app.item(0))
    assert (request.model, request.input) == ("second", {"text": "0", "steps": 4})


def test_cost_is_the_generating_models_price(app: AppHarness) -> None:
    answering(app, "first", GONE, 1)
    app.start(1, models=CHAIN)
    Scheduler(app).run()
    assert app.batch.money.actual == app.batch.money.committed == Decimal("0.05")
    other = AppHarness()
    run(other, 2)
    assert other.batch.money.actual == other.batch.money.committed == Decimal("0.04")


def test_the_cap_holds_over_the_chain(app: AppHarness) -> None:
    answering(app, "first", GONE)
    run(app, 6, max_cost=6 * PRICE)
    assert app.statuses == "ssssss"
    assert app.batch.money.committed == 6 * PRICE


def test_two_tries_in_all_not_two_a_model(app: AppHarness) -> None:
    app.validator.faults.append(BadImageError("The image is blank"))
    app.provider.script("0", None, ProviderUnavailableError("cut", maybe_billed=True))
    app.provider.lists = False
    run(app, 1)
    assert app.item(0).state.attempts == 2
    assert app.statuses == "f"


@pytest.mark.parametrize("error", [LIMITED, ProviderUnavailableError("503")])
def test_batch_shows_why_all_models_wait(app: AppHarness, error: ProviderError) -> None:
    app.provider.outage = lambda _: error
    app.start(3, models=CHAIN)
    Scheduler(app).run(until=lambda: app.batch.waiting_for(app.clock.now()) is not None)
    waiting = app.batch.waiting_for(app.clock.now())
    assert waiting is not None
    assert waiting.reason in {"provider_rate_limit", "provider_unavailable"}


def test_archive_and_stream_name_each_images_model(app: AppHarness) -> None:
    later = START + timedelta(seconds=3)
    app.breakers.breakers["scripted", "first"] = CircuitBreaker(5, later, 1)
    run(app, 3)
    app.finish()
    archive = app.batch.state.archive
    assert archive is not None
    [results] = [m for m in app.builder.built[archive.key] if m.name == "results.csv"]
    assert isinstance(results, TextMember)
    rows = csv.DictReader(io.StringIO(results.body.decode("utf-8-sig")))
    changes = app.store.changes(OWNER, "b1", 0, 1000)
    told = {c.item.index: c.item.model for c in changes if c.item and c.item.image}
    assert [row["model"] for row in rows] == list(told.values()) == made_by(app)
    assert set(told.values()) == {"first", "second"}
