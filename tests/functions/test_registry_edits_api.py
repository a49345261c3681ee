"""Models that are removed, retired or re-priced between a create and its collection."""

from collections.abc import Callable, Iterator
from copy import replace
from decimal import Decimal
from importlib.resources import files

import pytest

from imagebatch.domain.model_entries import parse_registry
from imagebatch.domain.model_registry import ModelRegistry
from testing.services import Deployment
from tests.functions.live_stack import LiveStack, live_stack
from tests.usecases.scheduler import Scheduler

pytestmark = pytest.mark.slow

SLOW_SECONDS = 30
MODELS = ["google/nano-banana-2-lite", "runpod/z-image-turbo", "fal/seedream-4.5"]


def without(model: str) -> ModelRegistry:
    """That of a release which has dropped the entry."""
    registry = parse_registry((files("imagebatch.data") / "models.toml").read_text("utf-8"))
    return replace(
        registry,
        models={name: entry for name, entry in registry.models.items() if name != model},
        defaults=tuple(name for name in registry.defaults if name != model),
        defaults_with_images=tuple(n for n in registry.defaults_with_images if n != model),
    )


def remove(stack: LiveStack, model: str) -> LiveStack:
    return stack.redeployed(without(model))


def overlay(stack: LiveStack, model: str, text: str) -> LiveStack:
    body = f'[[models]]\nid = "{model}"\n{text}\n'.encode()
    stack.services.media.put("config/models.toml", body, "application/toml")
    return stack.redeployed()


def re_price(stack: LiveStack, model: str) -> LiveStack:
    return overlay(stack, model, 'qualities.standard = { price = "9" }')


def retire(stack: LiveStack, model: str) -> LiveStack:
    successor = "google/nano-banana-2.1"
    return overlay(stack, model, f'state = "retired"\nsuccessor = "{successor}"')


EDITS = [remove, re_price, retire]
type Edit = Callable[[LiveStack, str], LiveStack]


@pytest.fixture
def stack(services: Deployment) -> Iterator[LiveStack]:
    with live_stack(services) as stack:
        stack.fake.latency = SLOW_SECONDS
        yield stack


def begin(stack: LiveStack, model: str, rows: int) -> str:
    """The batch, once its first row has a prediction that is not collected yet."""
    cars = "make,model\n" + "Volvo,XC90\n" * rows
    path, headers = f"/api/car-batch?model={model}", {"content-type": "text/csv"}
    batch_id = str(stack.api.post(path, content=cars, headers=headers).json()["jobId"])
    stack.dispatch(batch_id)
    stack.deliver(seconds=10)
    item = stack.services.store.get_item(stack.owner, batch_id, 0)
    assert item is not None
    assert item.state.prediction
    assert len(stack.fake.billed()) == 1
    return batch_id


def assert_made(stack: LiveStack, batch_id: str, model: str, rows: int, price: str) -> None:
    stack.finalize(batch_id)
    found = stack.status(batch_id)
    assert (found["outcome"], found["done"]) == ("all_succeeded", rows)
    assert len(stack.fake.creates()) == len(stack.fake.billed()) == rows
    assert Decimal(found["cost"]["actual"]) == rows * Decimal(price)
    assert {row["image_model"] for row in stack.results(batch_id)} == {model}


def price_of(stack: LiveStack, model: str) -> str:
    listed = {each["id"]: each for each in stack.api.get("/api/models").json()["items"]}
    return str(listed[model]["qualities"][0]["price"])


@pytest.mark.parametrize(
    ("model", "edit"), [*zip(MODELS, EDITS, strict=True)], ids=lambda e: getattr(e, "__name__", e)
)
def test_a_worker_after_an_edit_finishes_the_batch(
    stack: LiveStack, model: str, edit: Edit
) -> None:
    price = price_of(stack, model)
    batch_id = begin(stack, model, 2)
    after = edit(stack, model)
    Scheduler(after).run()
    assert_made(after, batch_id, model, 2, price)


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
def test_a_dead_letter_after_an_edit_collects_the_image(stack: LiveStack, edit: Edit) -> None:
    model = MODELS[0]
    price = price_of(stack, model)
    batch_id = begin(stack, model, 1)
    message = stack.queue.sent[0].message
    after = edit(stack, model)
    after.clock.advance(2 * SLOW_SECONDS)
    assert after.dead_letter(message) is None
    assert_made(after, batch_id, model, 1, price)
