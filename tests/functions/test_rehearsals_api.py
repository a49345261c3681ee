"""`rehearse` on every way of creating a batch."""

import json
from copy import replace
from typing import Any

import pytest

from imagebatch.domain.batch_manifest import decode_manifest
from imagebatch.usecases import keys
from testing.services import Deployment
from tests.functions.conftest import Answer, Api
from tests.functions.test_variants_api import row, submit

CARS = b"make,model\nVolvo,XC40\nVolvo,XC60\n"
FATES = {"2": "refused"}
TEXT = json.dumps(FATES)


def cars_form(api: Api, text: str = TEXT) -> Answer:
    file = {"file": ("c.csv", CARS, "text/csv")}
    return api.post("/api/car-batch", files=file, data={"rehearse": text})


def cars_raw(api: Api) -> Answer:
    content = {"content": CARS, "headers": {"content-type": "text/csv"}}
    return api.post("/api/car-batch", params={"rehearse": TEXT}, **content)


def sheet(api: Api) -> Answer:
    fields = {"prompt": "{{make}} {{model}}", "rehearse": TEXT}
    file = {"file": ("c.csv", CARS, "text/csv")}
    return api.post("/api/sheet-batch", files=file, data=fields)


def prompts(api: Api, **more: Any) -> Answer:
    items = [{"prompt": "a chair"}, {"prompt": "a table"}]
    return api.post("/api/v1/batch/generate", json={"items": items, "rehearse": FATES} | more)


def variants(api: Api) -> Answer:
    api.put("/api/variants", json=[row(1), row(2)])
    url = "https://shop.example.com/a.jpg"
    return submit(api, (1, [url]), (2, [url]), rehearse=FATES)


WAYS = {cars_form: "refused-", cars_raw: "refused-", sheet: "refused-",
        prompts: "-refused", variants: "-refused"}  # fmt: skip


@pytest.mark.parametrize(("way", "fates"), WAYS.items(), ids=lambda v: getattr(v, "__name__", v))
def test_every_way_in_keeps_the_fates(api: Api, services: Deployment, way: Any, fates: str) -> None:
    answer = way(api)
    assert answer.status == 202, answer.body
    made = answer.json()
    body = services.media.get(keys.plan(made.get("jobId") or made["batch_id"]))
    assert body is not None
    assert "-".join(item.fate for item in decode_manifest(body).items) == fates


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        (lambda api: cars_form(api, '{"2": "explode"}'), "rehearse.2"),
        (lambda api: cars_form(api, '{"9": "lost"}'), "rehearse.9"),
        (lambda api: cars_form(api, "2:lost"), "rehearse"),
        (lambda api: prompts(api, rehearse={"x": "lost"}), "rehearse.x"),
        (lambda api: prompts(api, rehearse={"1": 1}), "rehearse.1"),
    ],
)
def test_what_cannot_be_rehearsed_is_422(api: Api, answer: Any, field: str) -> None:
    refused = answer(api)
    assert refused.status == 422
    assert [each["field"] for each in refused.json()["details"]] == [field]


def test_a_live_batch_cannot_be_rehearsed(services: Deployment) -> None:
    live = Api(Deployment(replace(services.settings, fal_secret_arn="arn"), services.clients))
    answer = prompts(live, model="fal/nano-banana-2.1")
    assert answer.status == 422
    assert "development mode" in answer.json()["detail"]
