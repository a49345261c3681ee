"""What a model of the chain is sent, what is held for it, and what a delivered image cost."""

from copy import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from imagebatch.domain import charges, transitions
from imagebatch.domain.batch import Batch
from imagebatch.domain.item import Item
from imagebatch.domain.item_state import Lease
from imagebatch.domain.model_registry import ImageModel, Mode, PriceUnit
from imagebatch.domain.round_input import model_price, round_input
from testing.fakes.system import START
from testing.models import a_model
from testing.records import a_batch, an_image, an_item

PIXELS = a_model("p", price="0.01", unit=PriceUnit.MEGAPIXEL, max_output_megapixels=4)
LEASE = Lease("t", START + timedelta(minutes=1))


def made(model: ImageModel, width: int, height: int, **facts: object) -> tuple[Batch, Item]:
    batch = a_batch(last_dispatched_round=1, model=model.id, models=(model,), **facts)
    item = an_item(price=model.max_price())
    claimed = transitions.claim(batch, item, LEASE, START, timedelta(minutes=5))
    batch, item = charges.begin_create(*claimed, START, model.id)
    item = charges.record_prediction_id(item, "p1")
    assert batch.money.committed == item.state.reserved == item.price
    image = replace(an_image(), width=width, height=height)
    return transitions.succeed(batch, item, image, "png", START)


@pytest.mark.parametrize(
    ("size", "cost"),
    [
        ((1000, 1000), "0.01"),
        ((1000, 1001), "0.02"),
        ((2000, 2000), "0.04"),
        ((4000, 4000), "0.04"),
    ],
)
def test_delivered_pixels_are_charged_rounded_up(size: tuple[int, int], cost: str) -> None:
    batch, item = made(PIXELS, *size)
    assert (item.cost, batch.money.actual, batch.money.committed) == (Decimal(cost),) * 3
    assert item.state.reserved == 0


def test_price_per_image_is_independent_of_size() -> None:
    batch, _ = made(a_model(price="0.05"), 9, 9)
    assert batch.money.actual == batch.money.committed == Decimal("0.05")


def test_development_mode_has_a_price_of_its_own() -> None:
    batch, _ = made(PIXELS, 1000, 1000, mode=Mode.DEVELOPMENT)
    assert batch.money.actual == PIXELS.max_price()


def test_fallback_model_reserves_its_own_price() -> None:
    dear, cheap = a_model("dear", price="0.09"), a_model("cheap", price="0.02")
    batch = a_batch(model="dear", models=(dear, cheap))
    item = an_item(price=Decimal("0.09"))
    assert [model_price(batch, item, each) for each in batch.chain] == [
        Decimal("0.09"),
        Decimal("0.02"),
    ]


def test_other_model_gets_its_field_names_and_seed() -> None:
    other = a_model(
        "b",
        fields={"prompt": "text", "aspect_ratio": "shape"},
        constants={"format": "png"},
        supports_seed=True,
    )
    batch = a_batch(model="a", models=(a_model("a"), other))
    item = an_item(settings={"seed": 7})
    assert round_input(batch, item, batch.models[0]) == item.input
    assert round_input(batch, item, other) == {
        "text": item.prompt,
        "shape": "16:9",
        "format": "png",
        "seed": 7,
    }
