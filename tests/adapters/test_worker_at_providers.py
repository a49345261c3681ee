"""The worker over the real clients of the providers, against a server that speaks their APIs."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from imagebatch.adapters.providers.fal import FalProvider
from imagebatch.adapters.providers.replicate import ReplicateProvider
from imagebatch.adapters.providers.runpod import RunpodProvider
from imagebatch.domain.errors import FailureCode
from imagebatch.domain.model_registry import ImageModel
from testing.fake_providers import FakeProviders
from testing.models import a_model
from tests.usecases.app_harness import OWNER, AppHarness
from tests.usecases.scheduler import Scheduler

MODELS = {
    "replicate": a_model("google/one", provider="replicate"),
    "runpod": a_model("runpod/one", provider="runpod", upstream="one"),
    "fal": a_model("fal-ai/one/edit", provider="fal"),
}


@pytest.fixture
def fake() -> Iterator[FakeProviders]:
    with FakeProviders() as fake:
        yield fake


@pytest.fixture
def real(fake: FakeProviders) -> Iterator[AppHarness]:
    app = AppHarness()
    providers = {
        "replicate": ReplicateProvider(lambda: "key", fake.url, seconds=2.0),
        "runpod": RunpodProvider(lambda: "key", "", fake.url, seconds=2.0),
        "fal": FalProvider(lambda: "key", fake.url, seconds=2.0),
    }
    gateway = replace(app.process_item.perform.gateway, providers=providers)
    collect = replace(app.process_item.perform.collect, gateway=gateway)
    perform = replace(app.process_item.perform, gateway=gateway, collect=collect)
    app.process_item = replace(app.process_item, perform=perform)
    yield app
    for provider in providers.values():
        provider.close()


def run(app: AppHarness, size: int, *models: ImageModel) -> None:
    app.start(size, models=models)
    Scheduler(app).run()


@pytest.mark.parametrize("provider", MODELS)
def test_a_model_that_is_gone_stops_the_round_unbilled(
    real: AppHarness, fake: FakeProviders, provider: str
) -> None:
    fake.script("404")
    run(real, 9, MODELS[provider])
    codes = {item.failure.code for item in real.store.items(OWNER, "b1") if item.failure}
    assert (real.statuses, codes) == ("f" * 9, {FailureCode.MODEL_UNAVAILABLE})
    assert (len(fake.creates()), real.batch.committed) == (1, 0)


@pytest.mark.parametrize(("provider", "creates"), [("replicate", 9), ("runpod", 10), ("fal", 9)])
def test_an_answer_that_is_lost_is_looked_for(
    real: AppHarness, fake: FakeProviders, provider: str, creates: int
) -> None:
    """At fal the picture is done when it is looked for, so that it is listed."""
    rule = fake.script("cut_after", after=4, times=1)
    run(real, 9, MODELS[provider])
    assert (real.statuses, fake.fired(rule)) == ("s" * 9, 1)
    assert len(fake.creates()) == len(fake.billed()) == creates
    assert real.batch.actual == creates * real.item(0).price


@pytest.mark.parametrize("fault", ["500", "503", "cut_before", "504"])
def test_a_create_that_made_nothing_is_no_attempt(
    real: AppHarness, fake: FakeProviders, fault: str
) -> None:
    fake.script(fault, after=2, times=2)
    run(real, 6, MODELS["replicate"])
    assert real.statuses == "s" * 6
    assert len(fake.billed()) == 6
    assert {real.item(index).attempts for index in range(6)} == {1}
    assert real.batch.actual == 6 * real.item(0).price


def test_a_throttled_provider_gives_way_to_another(real: AppHarness, fake: FakeProviders) -> None:
    """Each row is made once, and what was asked of whom is in the ledger."""
    rule = fake.script("429_body", seconds=30, times=3)
    run(real, 6, MODELS["replicate"], MODELS["fal"])
    made = [prediction.prompt for prediction in fake.billed()]
    assert fake.fired(rule) == 3
    assert (real.statuses, sorted(made)) == ("s" * 6, [str(n) for n in range(6)])
