import gzip
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebatch.domain.batch_manifest import (
    ITEM_ATTRIBUTES,
    NOTICE_ATTRIBUTES,
    BatchManifest,
    decode_manifest,
    encode_manifest,
)
from imagebatch.domain.errors import Failure, FailureCode
from imagebatch.domain.item import Item, ItemSpec
from imagebatch.domain.model_registry import Quality
from imagebatch.domain.notice import Notice, NoticeLevel
from imagebatch.domain.statuses import ItemStatus, Kind

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
NOTICES = st.lists(
    st.builds(
        Notice,
        code=TEXT,
        message=TEXT,
        level=st.sampled_from(NoticeLevel),
        row=st.none() | st.integers(2, 99),
        column=st.none() | TEXT,
    ),
    max_size=3,
).map(tuple)
ITEMS = st.builds(
    ItemSpec,
    index=st.integers(0, 9999),
    custom_id=TEXT,
    row=st.none() | st.integers(2, 10_001),
    prompt=TEXT,
    stem=TEXT,
    price=st.decimals(0, 100, places=4),
    input=st.dictionaries(TEXT, TEXT | st.integers() | st.booleans() | st.lists(TEXT), max_size=3),
    aspect_ratio=st.none() | TEXT,
    cells=TEXTS,
    failure=st.none() | st.builds(Failure, st.sampled_from(FailureCode), TEXT),
    images=TEXTS,
    quality=st.sampled_from(Quality),
    archive_dir=TEXT,
    variant_id=st.none() | st.integers(1),
)
PLANS = st.builds(
    BatchManifest,
    kind=st.sampled_from(Kind),
    header=TEXTS,
    items=st.lists(ITEMS, max_size=4).map(tuple),
    notices=NOTICES,
    delimiter=st.sampled_from(",;\t|"),
)


def planned(**changes: object) -> ItemSpec:
    values: dict[str, object] = {
        "index": 0,
        "custom_id": "row-0002",
        "row": 2,
        "prompt": "a car",
        "stem": "car-0",
        "price": Decimal("0.050"),
    }
    return ItemSpec(**{**values, **changes})  # type: ignore[arg-type]


STORED = Path(__file__).parent / "stored_manifest.jsonl"
SAMPLE = BatchManifest(
    kind=Kind.CARS,
    header=("make", "colour"),
    notices=(Notice("mapped", "colour is color", NoticeLevel.WARNING, 3, "colour"),),
    delimiter=";",
    items=(
        planned(
            input={"prompt": "a car", "aspect_ratio": "1:1"},
            aspect_ratio="1:1",
            cells=("Volvo", "red"),
            images=("s3:library/a",),
            quality=Quality.HD,
            archive_dir="Shirt-Red",
            variant_id=7,
            settings={"aspect_ratio": "1:1"},
            fate="throttled:20",
        ),
        planned(index=1, failure=Failure(FailureCode.INVALID_INPUT, "no make")),
    ),
)


def test_a_manifest_stored_earlier_stays_readable() -> None:
    """A new field may get a new line and sample; the lines that are there are never edited."""
    stored = STORED.read_bytes().rstrip(b"\n")

    assert decode_manifest(gzip.compress(stored)) == SAMPLE


@pytest.mark.parametrize(
    ("kind", "attributes"), [(ItemSpec, ITEM_ATTRIBUTES), (Notice, NOTICE_ATTRIBUTES)]
)
def test_every_field_has_a_declared_attribute(kind: Any, attributes: Mapping[str, str]) -> None:
    assert kind.__struct_fields__ == tuple(attributes)


@pytest.mark.slow
@given(PLANS)
def test_a_stored_plan_is_the_plan(plan: BatchManifest) -> None:
    assert decode_manifest(encode_manifest(plan)) == plan


def test_equal_plans_are_stored_as_equal_bytes() -> None:
    plan = BatchManifest(Kind.CARS, ("make",), (planned(),))
    assert encode_manifest(plan) == encode_manifest(
        BatchManifest(Kind.CARS, ("make",), (planned(),))
    )


def test_a_price_keeps_its_digits() -> None:
    [item] = decode_manifest(encode_manifest(BatchManifest(Kind.CARS, (), (planned(),)))).items
    assert str(item.price) == "0.050"


def test_a_planned_item_becomes_a_pending_one() -> None:
    item = planned(
        images=("library/a",), quality=Quality.HD, archive_dir="f", variant_id=7
    ).to_item()
    assert item == Item(
        index=0,
        custom_id="row-0002",
        row=2,
        prompt="a car",
        stem="car-0",
        price=Decimal("0.050"),
        images=("library/a",),
        quality=Quality.HD,
        archive_dir="f",
        variant_id=7,
    )
    assert item.status is ItemStatus.PENDING


def test_a_refused_item_is_failed_for_good() -> None:
    failure = Failure(FailureCode.INVALID_INPUT, "no")
    item = planned(failure=failure).to_item()
    assert (item.status, item.failure, item.rejected) == (ItemStatus.FAILED, failure, True)


@pytest.mark.slow
def test_ten_thousand_rows_are_a_small_object() -> None:
    items = tuple(planned(index=index, prompt="a car " * 100) for index in range(10_000))
    body = encode_manifest(BatchManifest(Kind.CARS, (), items))
    assert len(body) < 1_000_000
    assert len(decode_manifest(body).items) == 10_000
