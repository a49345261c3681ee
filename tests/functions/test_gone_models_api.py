"""A model that its provider no longer has: while a batch runs on it, and afterwards."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from testing.models import built_in
from testing.services import Deployment
from tests.functions.conftest import Answer
from tests.functions.live_stack import LiveStack, live_stack

pytestmark = pytest.mark.slow

ROWS = 4
CARS = "make,model\n" + "".join(f"Volvo,XC{n}0\n" for n in range(ROWS))
GONE = {
    "google/nano-banana-2-lite": "google/nano-banana-pro",
    "runpod/z-image-turbo": "runpod/seedream-v4",
    "fal/nano-banana-2.1": "fal/seedream-4.5",
}
"""One of each provider, and the successor that an overlay names."""


@pytest.fixture
def stack(services: Deployment) -> Iterator[LiveStack]:
    overlay = [f'[[models]]\nid = "{of}"\nsuccessor = "{to}"\n' for of, to in GONE.items()]
    services.media.put("config/models.toml", "".join(overlay).encode(), "application/toml")
    with live_stack(services) as stack:
        yield stack


def submit(stack: LiveStack, model: str) -> Answer:
    return stack.api.post(
        f"/api/car-batch?model={model}", content=CARS, headers={"content-type": "text/csv"}
    )


def upstream(model: str) -> str:
    return built_in(model).upstream_for(images=False)


def price(model: str) -> Decimal:
    return built_in(model).max_price()


@pytest.mark.parametrize("model", GONE)
def test_gone_model_aborts_round_and_another_completes_it(stack: LiveStack, model: str) -> None:
    batch_id = submit(stack, model).json()["jobId"]
    stack.fake.gone = [upstream(model)]

    found = stack.finish(batch_id)
    assert (found["status"], found["failed"]) == ("failed", ROWS)
    assert {error["code"] for error in found["errors"]} == {"model_unavailable"}
    assert (len(stack.fake.creates()), len(stack.fake.billed())) == (1, 0)
    assert Decimal(found["cost"]["actual"]) == Decimal(found["cost"]["committed"]) == 0

    checked = stack.api.post("/api/models/check").json()["items"]
    assert [each["id"] for each in checked if each["result"] == "gone"] == [model]
    assert_refused(submit(stack, model), model)
    assert_refused(retry(stack, batch_id), model)

    other = GONE[model]
    assert retry(stack, batch_id, model=other).status == 202
    found = stack.finish(batch_id)
    assert (found["outcome"], found["done"]) == ("all_succeeded", ROWS)
    assert Decimal(found["cost"]["actual"]) == ROWS * price(other)
    assert {row["image_model"] for row in stack.results(batch_id)} == {other}
    assert [each.model for each in stack.fake.billed()] == ROWS * [upstream(other)]


def retry(stack: LiveStack, batch_id: str, **body: Any) -> Answer:
    return stack.api.post(f"/api/batches/{batch_id}/retry", json=body)


def assert_refused(answer: Answer, model: str) -> None:
    problem = answer.json()
    assert (answer.status, problem["error"]) == (422, "Model is no longer available")
    assert problem["details"][0]["successor"] == GONE[model]
    assert f"Use {GONE[model]} instead." in problem["detail"]
