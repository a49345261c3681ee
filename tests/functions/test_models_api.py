"""GET /api/models and the check: every entry, whether this stack can use it, and why not."""

from collections.abc import Iterator
from copy import replace
from typing import Any

import pytest

from imagebatch.schemas.model_answers import ModelCheckAnswer, ModelList
from testing.fake_providers import FakeProviders
from testing.services import Deployment
from tests.functions.conftest import Api

ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:key-AbCdEf"
DEFAULTS = {
    "replicate_secret_arn": "google/nano-banana-2.1",
    "runpod_secret_arn": "runpod/seedream-v4",
    "fal_secret_arn": "fal/nano-banana-2.1",
}


def listed(api: Api) -> dict[str, dict[str, Any]]:
    answer = api.get("/api/models")
    assert answer.status == 200
    ModelList.model_validate(answer.json())
    return {model["id"]: model for model in answer.json()["items"]}


def test_a_model_is_listed_with_price_and_abilities(api: Api) -> None:
    model = listed(api)["google/nano-banana-2.1"]

    assert (model["usable"], model["reason"], model["default"]) == (True, None, True)
    assert (model["maxImages"], model["supportsSeed"]) == (14, False)
    assert {"name": "standard", "price": "0.0336", "unit": "image"} in model["qualities"]
    assert model["aspectRatios"] == ["1:1", "16:9", "9:16", "4:3", "3:4"]
    assert model["retiredOn"] is None


def test_a_retired_model_names_its_successor(api: Api) -> None:
    model = listed(api)["google/imagen-3"]

    assert (model["state"], model["usable"]) == ("retired", False)
    assert model["reason"] == "The model was retired on 2026-06-30."
    assert (model["retiredOn"], model["successor"]) == ("2026-06-30", "google/nano-banana-2.1")


@pytest.mark.parametrize(("setting", "default"), DEFAULTS.items())
def test_one_key_decides_what_is_usable(services: Deployment, setting: str, default: str) -> None:
    settings = replace(services.settings, **{setting: ARN})
    models = listed(Api(Deployment(settings, services.clients)))

    [provider] = settings.providers
    assert {m["provider"] for m in models.values() if m["usable"]} == {provider}
    assert [name for name, model in models.items() if model["default"]] == [default]


def test_a_price_is_never_rounded(api: Api) -> None:
    [offer] = listed(api)["runpod/flux-1-schnell"]["qualities"]

    assert offer == {"name": "standard", "price": "0.0024", "unit": "megapixel"}


DEFAULT = "google/nano-banana-2.1"
CARS = {"files": {"file": ("cars.csv", b"make,model\nVolvo,XC90\n", "text/csv")}}


@pytest.fixture
def fake() -> Iterator[FakeProviders]:
    with FakeProviders() as fake:
        yield fake


@pytest.fixture
def live(services: Deployment, fake: FakeProviders) -> Api:
    """A stack with keys of all three providers, which are stood in for."""
    secrets = services.clients.secretsmanager
    arn = secrets.create_secret(Name="key", SecretString="token")["ARN"]
    settings = replace(
        services.settings,
        **dict.fromkeys(DEFAULTS, arn),
        **dict.fromkeys(["replicate_base_url", "runpod_base_url", "fal_base_url"], fake.url),
    )
    return Api(Deployment(settings, services.clients))


def checked(api: Api) -> dict[str, Any]:
    answer = api.post("/api/models/check")
    assert answer.status == 200
    ModelCheckAnswer.model_validate(answer.json())
    found: dict[str, Any] = answer.json()
    return found | {"items": {model["id"]: model for model in found["items"]}}


@pytest.mark.slow
def test_the_check_finds_every_model(live: Api, fake: FakeProviders) -> None:
    found = checked(live)

    assert found["healthy"]
    assert {each["result"] for each in found["items"].values()} == {"served"}
    assert found["items"].keys() == listed(live).keys()
    assert listed(live)[DEFAULT]["checkedAt"] == found["items"][DEFAULT]["checkedAt"]
    assert not fake.creates()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "upstream"),
    [
        ("google/nano-banana-2-lite", "google/nano-banana-2-lite"),
        ("runpod/seedream-v4", "seedream-v4-edit"),
        ("fal/seedream-4.5", "fal-ai/bytedance/seedream/v4.5/edit"),
    ],
)
def test_a_gone_model_is_refused_until_it_is_served(
    live: Api, fake: FakeProviders, name: str, upstream: str
) -> None:
    fake.gone = [upstream]
    assert checked(live)["items"][name]["result"] == "gone"

    shown = listed(live)[name]
    refused = live.post(f"/api/car-batch?dryRun=true&model={name}", **CARS)

    assert (shown["usable"], shown["reason"][:12]) == (False, "The provider")
    assert (refused.status, refused.json()["error"]) == (422, "Model is no longer available")
    fake.gone = []
    checked(live)
    assert live.post(f"/api/car-batch?dryRun=true&model={name}", **CARS).status == 200


@pytest.mark.slow
def test_a_gone_default_is_named_and_the_next_taken(live: Api, fake: FakeProviders) -> None:
    fake.gone = [DEFAULT]
    found = checked(live)

    assert not found["healthy"]
    assert found["items"][DEFAULT]["inUse"]
    assert listed(live)["runpod/seedream-v4"]["default"]
    refused = live.post(f"/api/car-batch?model={DEFAULT}", **CARS)
    assert refused.json()["details"][0]["successor"] is None


@pytest.mark.slow
def test_a_gone_model_names_its_successor(services: Deployment, live: Api, fake: Any) -> None:
    overlay = f'[[models]]\nid = "{DEFAULT}"\nsuccessor = "google/nano-banana-pro"\n'
    services.media.put("config/models.toml", overlay.encode(), "application/toml")
    fake.gone = [DEFAULT]
    checked(live)

    refused = live.post(f"/api/car-batch?model={DEFAULT}", **CARS).json()

    assert refused["error"] == "Model is no longer available"
    assert "Use google/nano-banana-pro instead." in refused["detail"]


@pytest.mark.slow
def test_an_outage_of_the_providers_changes_nothing(live: Api, fake: FakeProviders) -> None:
    checked(live)
    before = listed(live)
    fake.script("html", on="model", status=503)

    assert {each["result"] for each in checked(live)["items"].values()} == {"unclear"}
    assert listed(live) == before


@pytest.mark.slow
def test_only_operators_may_check(live: Api) -> None:
    assert live.as_owner("ann").post("/api/models/check").status == 403
    operators = {"cognito:groups": "[operators]"}
    assert live.as_owner("ann", **operators).post("/api/models/check").status == 200


def test_a_stack_without_keys_has_nothing_to_check(api: Api) -> None:
    assert checked(api) == {"healthy": True, "items": {}}


@pytest.mark.parametrize("overlay", [True, False])
def test_a_default_model_of_the_overlay_alone(services: Deployment, overlay: bool) -> None:
    entry = """[[models]]
id = "acme/cars"
provider = "replicate"
aspect_ratios = ["1:1"]
qualities.standard = { price = "0.01" }
fields = { prompt = "prompt", aspect_ratio = "aspect_ratio" }
"""
    if overlay:
        services.media.put("config/models.toml", entry.encode(), "application/toml")
    settings = replace(services.settings, default_model="acme/cars")
    models = listed(Api(Deployment(settings, services.clients)))

    default = "acme/cars" if overlay else DEFAULT
    assert [name for name, model in models.items() if model["default"]] == [default]
