"""Whether the providers still have their models, asked of the stand-ins of all three."""

from collections.abc import Iterator

import pytest

from imagebatch.adapters.providers import lookups
from imagebatch.domain.errors import ProviderAuthError
from imagebatch.domain.model_checks import Presence
from testing.fake_providers import FakeProviders
from testing.models import a_model

MODELS = {
    "replicate": a_model("owner/name", provider="replicate", upstream="owner/name"),
    "runpod": a_model("runpod/a", provider="runpod", upstream="a-t2i", upstream_with_images="edit"),
    "fal": a_model("fal/a", provider="fal", upstream="fal-ai/a", upstream_with_images="fal-ai/b"),
}
PINNED = a_model("o/v", provider="replicate", upstream="o/v:" + "0a" * 32)
PROVIDERS = list(MODELS)


@pytest.fixture
def fake() -> Iterator[FakeProviders]:
    with FakeProviders() as fake:
        fake.token = "good"
        yield fake


def lookup(url: str, endpoint: str = "", key: str = "good") -> lookups.HttpModelLookup:
    return lookups.HttpModelLookup(
        {
            "replicate": lookups.replicate_catalog(lambda: key, url),
            "runpod": lookups.runpod_catalog(lambda: key, endpoint, url),
            "fal": lookups.fal_catalog(lambda: key, url),
        }
    )


def test_served_models_are_found_without_a_create(fake: FakeProviders) -> None:
    found = lookup(fake.url).look_up([*MODELS.values(), PINNED])

    assert {each.presence for each in found.values()} == {Presence.SERVED}
    assert len(found) == 4
    assert not fake.creates()


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_model_is_gone_with_any_of_its_names(fake: FakeProviders, provider: str) -> None:
    model = MODELS[provider]
    for name in model.upstream_names:
        fake.gone = [name]
        found = lookup(fake.url).look_up([model])[model.id]
        assert (found.presence, name in found.reason) == (Presence.GONE, True)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("fault", ["401", "402", "403", "429", "html", "cut_before", "half"])
def test_an_unclear_answer_says_nothing_of_the_model(
    fake: FakeProviders, provider: str, fault: str
) -> None:
    fake.script(fault, on="model", status=503)
    model = MODELS[provider]

    found = lookup(fake.url).look_up([model])[model.id]

    assert found.presence is Presence.UNCLEAR
    assert found.reason


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_refused_key_says_nothing_of_the_model(fake: FakeProviders, provider: str) -> None:
    model = MODELS[provider]
    assert lookup(fake.url, key="bad").look_up([model])[model.id].presence is Presence.UNCLEAR


@pytest.mark.parametrize(
    ("body", "presence"),
    [
        ('{"models": []}', Presence.GONE),
        ('{"models": [{"endpoint_id": "fal-ai/other"}]}', Presence.GONE),
        ('{"models": [7]}', Presence.UNCLEAR),
        ("[]", Presence.UNCLEAR),
        ("<html>", Presence.UNCLEAR),
    ],
)
def test_fal_lists_what_it_has(fake: FakeProviders, body: str, presence: Presence) -> None:
    fake.script("status", on="model", status=200, body=body)
    model = MODELS["fal"]
    assert lookup(fake.url).look_up([model])[model.id].presence is presence


def test_an_own_endpoint_is_asked_for_every_model(fake: FakeProviders) -> None:
    fake.gone = ["a-t2i", "edit"]
    model = MODELS["runpod"]
    assert lookup(fake.url, "mine").look_up([model])[model.id].presence is Presence.SERVED
    fake.gone = ["mine"]
    assert lookup(fake.url, "mine").look_up([model])[model.id].presence is Presence.GONE


def test_a_key_that_cannot_be_read_is_unclear(fake: FakeProviders) -> None:
    def key() -> str:
        raise ProviderAuthError("The secret cannot be read.")

    catalog = lookups.replicate_catalog(key, fake.url)
    assert catalog.find("owner/name").presence is Presence.UNCLEAR
