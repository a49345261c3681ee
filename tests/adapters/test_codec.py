from collections.abc import Mapping
from copy import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from imagebatch.adapters.attributes import NAMES
from imagebatch.adapters.batch_attributes import NOT_STORED
from imagebatch.adapters.codec import decode, encode, time_text
from imagebatch.adapters.dynamodb.table import from_dynamodb, to_dynamodb
from imagebatch.domain.batch import Batch
from imagebatch.domain.counts import Counts
from imagebatch.domain.errors import Failure, FailureCode, UnreadableRecordError
from imagebatch.domain.images import Image
from imagebatch.domain.item import Item
from imagebatch.domain.item_state import ItemState, Lease
from imagebatch.domain.model_registry import ImageModel, Mode, Quality, QualityOffer
from imagebatch.domain.money import Money, Reservation
from imagebatch.domain.round_state import Archive, ItemError, ModelBlock, ProviderWait, RoundState
from imagebatch.domain.statuses import BatchStatus, ItemStatus, Kind
from imagebatch.ports.records import Change, ItemChange
from imagebatch.structs import Struct, field, fields
from testing.effort import examples
from testing.fakes.system import START
from testing.records import a_batch, an_item

numbers = st.integers(0, 10**12)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
money = st.decimals(0, 10**6, places=6).map(lambda d: d.normalize()) | st.decimals(0, 9, places=2)
times = st.datetimes(timezones=st.just(UTC)).map(lambda time: time.replace(fold=0))
seconds = st.integers(0, 10**9).map(lambda number: number / 1000)
finite = st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | finite | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
kinds: dict[Any, st.SearchStrategy[Any]] = {
    str: words,
    int: numbers,
    bool: st.booleans(),
    float: seconds,
    Decimal: money,
    datetime: times,
    Mapping[str, Any]: st.dictionaries(words, json_values, max_size=3),
    Mapping[str, str]: st.dictionaries(words, words, max_size=3),
    Mapping[str, Mapping[str, Any]]: st.dictionaries(
        words, st.dictionaries(words, json_values, max_size=2), max_size=2
    ),
}
for kind, strategy in kinds.items():
    if isinstance(kind, type):
        st.register_type_strategy(kind, strategy)


def records[T](cls: type[T]) -> st.SearchStrategy[T]:
    """Any value of a struct, every field of it given."""
    stored = [f for f in fields(cls) if f.name not in NOT_STORED.get(cls, ())]
    given_fields = {f.name: kinds.get(f.type, st.from_type(f.type)) for f in stored}  # type: ignore[arg-type]
    return st.builds(cls, **given_fields)


@pytest.fixture(scope="module", autouse=True)
def nested_records() -> None:
    for cls in (
        QualityOffer,
        ImageModel,
        Counts,
        Lease,
        Image,
        Archive,
        ProviderWait,
        Failure,
        ItemError,
        ItemChange,
        ItemState,
        Item,
        Reservation,
        Money,
        ModelBlock,
        RoundState,
    ):
        st.register_type_strategy(cls, records(cls))


@pytest.mark.slow
@pytest.mark.parametrize("cls", [Batch, Item, Change])
def test_any_record_survives_a_round_trip(cls: type[Any]) -> None:
    @settings(max_examples=examples(40))
    @given(records(cls))
    def round_trip(record: Any) -> None:
        back = decode(cls, from_dynamodb(to_dynamodb(encode(record))))
        assert back == record
        assert repr(back) == repr(record)

    round_trip()


def test_values_are_plain_and_readable() -> None:
    item = an_item(
        status=ItemStatus.PROCESSING,
        quality=Quality.HD,
        images=("s3:a", "https://b"),
        lease=Lease("t", START + timedelta(milliseconds=7)),
        reserved=Decimal("0.050"),
        seconds=2.5,
    )
    record = encode(item)
    assert record["status"] == "processing"
    assert record["quality"] == "hd"
    assert record["images"] == ["s3:a", "https://b"]
    assert record["lease"] == {"token": "t", "until": "2026-01-05T09:00:00.007Z"}
    assert record["reserved"] == "0.050"
    assert record["seconds"] == Decimal("2.5")
    assert record["input"] == '{"prompt":"a car, number 0","aspect_ratio":"16:9"}'


def test_what_is_not_there_takes_no_room() -> None:
    assert {"failure", "image", "file", "archiveDir", "images", "lease"}.isdisjoint(
        encode(an_item())
    )
    assert {"metadata", "options", "errors", "name", "archive"}.isdisjoint(encode(a_batch()))


def test_money_of_a_batch_is_stored_in_its_attributes() -> None:
    money = Money(committed=Decimal("0.10"), actual=Decimal("0.05"))
    record = encode(a_batch(money=money))
    assert (record["reservedTotal"], record["spentTotal"]) == ("0.10", "0.05")
    assert "money" not in record


def test_required_field_is_stored_even_if_empty() -> None:
    item = an_item(prompt="", row=None)
    assert encode(item)["prompt"] == ""
    assert decode(Item, encode(item)) == item


class Newer(Struct, frozen=True):
    name: str
    kind: Kind = Kind.CARS
    added: Mapping[str, Any] = field(default_factory=dict)
    counted: int = 7


class Older(Struct, frozen=True):
    name: str


NAMES[Newer] = {"name": "name", "kind": "kind", "added": "added", "counted": "counted"}
NAMES[Older] = {"name": "name"}


def test_unknown_fields_are_ignored_and_missing_ones_default() -> None:
    assert decode(Older, encode(Newer("a", added={"x": 1}))) == Older("a")
    assert decode(Newer, encode(Older("a"))) == Newer("a")


@pytest.mark.parametrize(
    "damage",
    [
        {"status": "rewinding"},
        {"createdAt": "yesterday"},
        {"counts": None},
        {"estimated": "a lot"},
        {"metadata": "{"},
        {"errors": 7},
    ],
)
def test_a_record_that_cannot_be_read_says_so(damage: dict[str, Any]) -> None:
    with pytest.raises(UnreadableRecordError, match="Batch cannot be read"):
        decode(Batch, encode(a_batch()) | damage)


def test_a_record_without_a_required_attribute_says_so() -> None:
    record = encode(a_batch())
    del record["owner"]
    with pytest.raises(UnreadableRecordError, match="owner"):
        decode(Batch, record)


def test_times_are_utc_whatever_zone_they_came_in() -> None:
    cet = timezone(timedelta(hours=1))
    assert time_text(datetime(2026, 1, 5, 10, 0, tzinfo=cet)) == "2026-01-05T09:00:00.000Z"
    assert time_text(START + timedelta(microseconds=1)) == "2026-01-05T09:00:00.000001Z"


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        encode(replace(a_batch(), updated_at=datetime(2026, 1, 5)))  # noqa: DTZ001


def test_enumerations_and_modes_are_stored_by_their_words() -> None:
    record = encode(a_batch(status=BatchStatus.CANCELLING, mode=Mode.DEVELOPMENT))
    assert (record["status"], record["mode"], record["kind"]) == (
        "cancelling",
        "development",
        "cars",
    )
    failed = encode(an_item(failure=Failure(FailureCode.CRASHED, "it crashed")))
    assert failed["failure"] == {"code": "crashed", "reason": "it crashed"}


@pytest.mark.parametrize("cls", NAMES, ids=lambda cls: cls.__name__)
def test_every_field_has_an_attribute_of_its_own(cls: type[Any]) -> None:
    names = NAMES[cls]
    assert set(cls.__struct_fields__) == names.keys() | NOT_STORED.get(cls, frozenset())
    attributes = [
        attribute
        for name in names.values()
        for attribute in ([name] if isinstance(name, str) else name.values())
    ]
    assert len(set(attributes)) == len(attributes)
