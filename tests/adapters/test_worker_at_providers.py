"""The worker over the real clients of the providers, against a server that speaks their APIs."""

import csv
import io
from collections.abc import Iterator
from copy import replace
from datetime import timedelta

import pytest

from imagebatch.domain.errors import FailureCode
from imagebatch.domain.model_registry import ImageModel
from imagebatch.domain.statuses import ItemStatus
from imagebatch.formats.zip_layout import TextMember
from imagebatch.schemas.views import batch_view
from testing.app_harness import OWNER, PRICE, a_row
from testing.models import a_model
from tests.adapters.live_app import MODELS, LiveApp
from tests.usecases.scheduler import Scheduler

OTHER = replace(MODELS["replicate"], id="google/other")


@pytest.fixture
def app() -> Iterator[LiveApp]:
    with LiveApp() as app:
        yield app


def attempts(app: LiveApp) -> set[int]:
    return {app.item(index).state.attempts for index in range(app.batch.total)}


@pytest.mark.parametrize("provider", MODELS)
def test_a_model_that_is_gone_stops_the_round_unbilled(app: LiveApp, provider: str) -> None:
    app.fake.script("404")
    app.make(9, MODELS[provider])
    codes = {item.failure.code for item in app.store.items(OWNER, "b1") if item.failure}
    assert (app.statuses, codes) == ("f" * 9, {FailureCode.MODEL_UNAVAILABLE})
    assert (len(app.fake.creates()), app.batch.money.committed) == (1, 0)


@pytest.mark.slow
@pytest.mark.parametrize(("provider", "creates"), [("replicate", 9), ("runpod", 10), ("fal", 9)])
def test_an_answer_that_is_lost_is_looked_for(app: LiveApp, provider: str, creates: int) -> None:
    """At fal the picture is done when it is looked for, so that it is listed."""
    rule = app.fake.script("cut_after", after=4, times=1)
    app.make(9, MODELS[provider])
    assert (app.statuses, app.fake.fired(rule)) == ("s" * 9, 1)
    assert len(app.fake.creates()) == len(app.fake.billed()) == creates
    assert app.batch.money.actual == creates * PRICE


@pytest.mark.parametrize("fault", ["500", "503", "cut_before", "504"])
def test_a_create_that_made_nothing_is_no_attempt(app: LiveApp, fault: str) -> None:
    app.fake.script(fault, after=2, times=2)
    app.make(6, MODELS["replicate"])
    assert (app.statuses, attempts(app)) == ("s" * 6, {1})
    assert len(app.fake.billed()) == 6
    assert app.batch.money.actual == 6 * PRICE


@pytest.mark.slow
@pytest.mark.parametrize("provider", MODELS)
def test_an_outage_of_half_a_minute_burns_no_row(app: LiveApp, provider: str) -> None:
    """The batch says why it waits and until when, and asks for nothing before that."""
    app.fake.latency = 3
    outage = app.fake.script("503", begins=10, ends=40)
    app.start(20, models=(MODELS[provider],))
    scheduler = Scheduler(app)
    scheduler.run(until=lambda: app.batch.waiting_for(app.clock.now()) is not None)
    asked, now = len(app.fake.creates()), app.clock.now()
    shown = batch_view(app.batch, now, None).as_document()["waitingFor"]
    assert shown["reason"] == "provider_unavailable"
    assert timedelta() < app.batch.state.waiting.until - now <= timedelta(seconds=60)  # type: ignore[union-attr]
    scheduler.run(until=lambda: len(app.fake.creates()) > asked)
    assert shown["until"] <= app.clock.now().isoformat()
    scheduler.run()
    assert app.fake.fired(outage) >= 5
    assert (app.statuses, attempts(app)) == (20 * "s", {1})
    assert len(app.fake.billed()) == len(app.images) == 20
    assert app.batch.money.actual == 20 * PRICE


CHAINS = {
    "of-one-provider": (MODELS["replicate"], OTHER),
    "of-two": (MODELS["replicate"], MODELS["fal"]),
    "of-two-more": (MODELS["fal"], MODELS["runpod"]),
}


@pytest.mark.slow
@pytest.mark.parametrize("chain", CHAINS.values(), ids=CHAINS)
def test_a_model_that_answers_429_gives_way(app: LiveApp, chain: tuple[ImageModel, ...]) -> None:
    """The first makes four and then nothing more; no row is made twice and the cap holds."""
    first, second = chain
    limited = app.fake.script("429_body", model=_upstream(first), after=4, seconds=20)
    app.make(12, *chain, max_cost=12 * PRICE)
    rows = [str(n) for n in range(12)]
    made = {model.id: _made(app, model) for model in chain}
    assert (app.statuses, attempts(app)) == ("s" * 12, {1})
    assert sorted(made[first.id] + made[second.id], key=int) == rows
    assert len(made[first.id]) == 4
    asked = [c for c in app.fake.creates() if c.model == _upstream(first)]
    assert len(asked) == 4 + app.fake.fired(limited)
    assert app.batch.money.committed == app.batch.money.actual == 12 * PRICE
    assert _told(app) == {row: model for model, its in made.items() for row in its}
    first_fallback = min(c.at for c in app.fake.creates() if c.model == _upstream(second))
    last_made = max(c.at for c in asked if c.prediction)
    assert 60 <= first_fallback - last_made < 90


def _upstream(model: ImageModel) -> str:
    return model.upstream_for(images=False)


def _made(app: LiveApp, model: ImageModel) -> list[str]:
    return [each.prompt for each in app.fake.billed() if each.model == _upstream(model)]


def _told(app: LiveApp) -> dict[str, str]:
    """Which model made each row, as results.csv has it."""
    app.finish()
    archive = app.batch.state.archive
    assert archive is not None
    [member] = [m for m in app.builder.built[archive.key] if m.name == "results.csv"]
    assert isinstance(member, TextMember)
    table = csv.DictReader(io.StringIO(member.body.decode("utf-8-sig")))
    return {row["make"]: row["model"] for row in table}


@pytest.mark.slow
def test_the_cap_holds_over_a_dearer_fallback(app: LiveApp) -> None:
    """The first pictures of the dearer model are blank, and paid for."""
    cheap = MODELS["replicate"]
    dearer = replace(OTHER, qualities=a_model(price=str(2 * PRICE)).qualities)
    app.fake.script("429_body", model=_upstream(cheap), after=1, seconds=20)
    blank = app.fake.script("blank", after=1, times=5)
    items = tuple(replace(a_row(n), price=2 * PRICE) for n in range(6))
    app.make(6, cheap, dearer, items=items, max_cost=12 * PRICE)
    spent = PRICE * len(_made(app, cheap)) + 2 * PRICE * len(_made(app, dearer))
    assert (len(_made(app, cheap)), app.fake.fired(blank)) == (1, 5)
    assert app.batch.money.committed == app.batch.money.actual == spent == 11 * PRICE
    codes = {item.failure.code for item in app.store.items(OWNER, "b1") if item.failure}
    assert codes == {FailureCode.BUDGET_EXHAUSTED, FailureCode.INVALID_OUTPUT}


def test_no_fallback_after_an_answer_that_was_lost(app: LiveApp) -> None:
    """RunPod cannot tell what became of it: the row's other try is with the same model."""
    app.fake.script("cut_after", times=1)
    app.fake.script("429_body", model="one", times=8, seconds=30)
    app.make(1, MODELS["runpod"], MODELS["fal"])
    item = app.item(0)
    assert (item.status, item.model, item.state.attempts) == (ItemStatus.SUCCEEDED, "runpod/one", 2)
    assert {create.provider for create in app.fake.creates()} == {"runpod"}
    assert (len(app.fake.billed()), app.batch.money.actual) == (2, 2 * PRICE)
