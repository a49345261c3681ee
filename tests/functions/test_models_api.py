"""GET /api/models: every entry, whether this stack can use it, and why not."""

from dataclasses import replace
from typing import Any

import pytest

from imagebatch.bootstrap import Bootstrap
from imagebatch.schemas.model_answers import ModelList
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
def test_one_key_decides_what_is_usable(services: Bootstrap, setting: str, default: str) -> None:
    settings = replace(services.settings, **{setting: ARN})
    models = listed(Api(Bootstrap(settings, services.clients)))

    [provider] = settings.providers
    assert {m["provider"] for m in models.values() if m["usable"]} == {provider}
    assert [name for name, model in models.items() if model["default"]] == [default]


def test_a_price_is_never_rounded(api: Api) -> None:
    [offer] = listed(api)["runpod/flux-1-schnell"]["qualities"]

    assert offer == {"name": "standard", "price": "0.0024", "unit": "megapixel"}
