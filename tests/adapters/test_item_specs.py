"""A usual row's specification is one KB, which is what a write is billed by."""

import json
import zlib
from base64 import b64decode
from collections.abc import Sequence
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from boto3.dynamodb.types import Binary
from hypothesis import given, settings

from bench.environment import sheet
from imagebatch.adapters.batch_attributes import (
    BATCH_SPEC,
    ITEM_PROGRESS,
    ITEM_SPEC,
    PACKED_TEXTS,
    attributes_of,
)
from imagebatch.adapters.dynamodb import keys
from imagebatch.adapters.dynamodb.batch_records import items_of, new_item
from imagebatch.adapters.dynamodb.item_specs import encode_spec
from imagebatch.adapters.dynamodb.table import from_dynamodb, to_dynamodb
from imagebatch.domain.errors import Failure, FailureCode, UnreadableRecordError
from imagebatch.domain.item import Item, ItemSpec
from imagebatch.domain.model_registry import Quality
from imagebatch.intake.cars import plan_cars
from imagebatch.intake.prompts import PromptDraft, plan_prompts
from imagebatch.intake.sheet import read_sheet
from imagebatch.intake.templates import Template
from imagebatch.intake.variants import plan_variants
from testing.capacity import item_bytes, write_units
from testing.effort import examples
from testing.models import built_in
from testing.records import an_item
from testing.variants import shot_settings, variant_selection

STORED = Path(__file__).parent / "stored_records.json"
SAMPLE = Path(__file__).parents[2] / "events" / "cars.csv"
MODEL = built_in("google/nano-banana-2.1")
PRICE = Decimal("0.0336")
OWNER = "00000000-1111-2222-3333-444444444444"
PARTITION = keys.batch_partition(OWNER, "0123456789abcdef" * 2)
TTL = {"ttl": 1_767_225_600}
FOLDER = files("imagebatch.data") / "prompts"
TEMPLATES = {
    name: Template((FOLDER / f"car.{name}.txt").read_text("utf-8")) for name in ("white", "hub")
}
PROMPT = TEMPLATES["hub"].render({"make": "Volvo", "model": "XC90", "year": "2024"})
STORED_PROMPT = ", ".join(f"car number {n}" for n in range(60))


def cars(text: bytes) -> Sequence[ItemSpec]:
    read = read_sheet(text, max_rows=10_000)
    return plan_cars(read, model=MODEL, templates=TEMPLATES, price=PRICE).items


def prompts() -> Sequence[ItemSpec]:
    return plan_prompts(
        [PromptDraft(prompt=PROMPT, file="upload-1")],
        model=MODEL,
        quality=Quality.STANDARD,
        price=lambda _: PRICE,
        reference=lambda file: f"s3:uploads/{OWNER}/{file}.png",
    ).items


def variants() -> Sequence[ItemSpec]:
    chosen = variant_selection(7, *(f"s3:uploads/{OWNER}/{n:032x}.png" for n in range(4)))
    shot = shot_settings(2, purpose="social", aspect_ratio="4:3")
    return plan_variants([chosen], shot, model=MODEL, price=lambda _: PRICE).items


ROWS = {
    "the sample sheet": cars(SAMPLE.read_bytes()),
    "the bench": cars(sheet(200, "Stored")),
    "prompts": prompts(),
    "variants": variants(),
}


def stored(item: Item) -> list[Any]:
    """The records as DynamoDB takes them."""
    records = [{"pk": PARTITION, "sk": sort} | record | TTL for sort, record in new_item(item)]
    return list(map(to_dynamodb, records))


def read(*records: Any) -> Item:
    [item] = items_of(map(from_dynamodb, records))
    return item


@pytest.mark.parametrize("rows", ROWS)
def test_usual_row_takes_one_kilobyte(rows: str) -> None:
    for spec in ROWS[rows]:
        [record] = stored(spec.to_item())
        assert item_bytes(record) < 1024
        put = {"PutRequest": {"Item": record}}
        assert write_units("BatchWriteItem", {"RequestItems": {"table": [put]}}) == 1
        assert read(record) == spec.to_item()


texts = st.text(st.characters(codec="utf-8"), max_size=4_000)
mappings = st.dictionaries(texts, texts | st.integers() | st.none(), max_size=3)


@pytest.mark.slow
@settings(max_examples=examples(100))
@given(prompt=texts, sent=mappings, given_by=mappings, images=st.lists(texts, max_size=4))
def test_any_texts_are_read_as_accepted(
    prompt: str, sent: dict[str, Any], given_by: dict[str, Any], images: list[str]
) -> None:
    item = an_item(
        prompt=prompt, input={**sent, "again": prompt}, settings=given_by, images=tuple(images)
    )
    assert read(*stored(item)) == item


def test_claimed_item_has_its_state_beside_its_texts() -> None:
    failure = Failure(FailureCode.PROVIDER_TIMEOUT, "no answer")
    item = an_item(prompt=PROMPT, round=1, attempts=2, failure=failure, version=3)
    spec, state = stored(item)
    assert PACKED_TEXTS in spec
    assert read(spec, state) == item


def test_short_texts_stay_readable_in_the_table() -> None:
    assert encode_spec(an_item())["prompt"] == an_item().prompt


def test_stored_texts_stay_readable() -> None:
    """The record in stored_records.json is never edited; zlib may compress otherwise one day."""
    stored = json.loads(STORED.read_text("utf-8"))["packed specification"]
    stored[PACKED_TEXTS] = {"B": b64decode(stored[PACKED_TEXTS]["B"])}
    [found] = items_of([from_dynamodb(stored) | {"sk": "ITEM#000000"}])
    assert found == an_item(
        prompt=STORED_PROMPT, input={"prompt": STORED_PROMPT}, settings={"seed": 7}
    )
    assert from_dynamodb(to_dynamodb(encode_spec(found))).keys() == from_dynamodb(stored).keys()


def test_attribute_of_texts_has_no_other_meaning() -> None:
    others = {*ITEM_SPEC.values(), *attributes_of(ITEM_PROGRESS), *BATCH_SPEC.values()}
    assert PACKED_TEXTS not in others


@pytest.mark.parametrize(
    "packed", [b"", b"no zlib", zlib.compress(b"["), zlib.compress(b"[1]"), "text", Decimal(7)]
)
def test_spoilt_texts_are_an_unreadable_record(packed: Any) -> None:
    stored = Binary(packed) if isinstance(packed, bytes) else packed
    spoilt = encode_spec(an_item(prompt=PROMPT)) | {PACKED_TEXTS: stored, "sk": "ITEM#000000"}
    with pytest.raises(UnreadableRecordError):
        list(items_of([spoilt]))
