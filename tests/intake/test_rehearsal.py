import pytest

from imagebatch.domain.errors import Failure, FailureCode
from imagebatch.domain.item import ItemSpec
from imagebatch.domain.rehearsal import Fate, parse_fate
from imagebatch.intake.rehearsal import cast_fates
from testing.records import PRICE


def a_spec(index: int, row: int | None = None, **fields: object) -> ItemSpec:
    custom_id = f"item-{index + 1:04d}" if row is None else f"row-{row:04d}"
    about = {"custom_id": custom_id, "prompt": "p", "stem": "s", "price": PRICE, **fields}
    return ItemSpec(index=index, row=row, **about)  # type: ignore[arg-type] # fields by name


ROWS = [a_spec(0, 2), a_spec(1, 4, custom_id="vip"), a_spec(2, 5)]


@pytest.mark.parametrize("code", FailureCode)
def test_every_failure_code_is_a_fate(code: FailureCode) -> None:
    assert parse_fate(code) == Fate(code, code)


@pytest.mark.parametrize(
    ("text", "fate"),
    [
        (" Refused ", Fate("refused", FailureCode.CONTENT_REFUSED)),
        ("timeout", Fate("timeout", FailureCode.PROVIDER_TIMEOUT)),
        ("throttled:7", Fate("throttled", seconds=7)),
        ("throttled", Fate("throttled", seconds=20)),
        ("slow:3600", Fate("slow", seconds=3600)),
        ("lost", Fate("lost")),
        ("slow:3601", None),
        ("slow:0", None),
        ("lost:3", None),
        ("", None),
    ],
)
def test_fates_are_words_with_their_seconds(text: str, fate: Fate | None) -> None:
    assert parse_fate(text) == fate


@pytest.mark.parametrize(
    ("rehearse", "fates"),
    [
        ({"row-0002": "refused", "vip": "Lost"}, ["refused", "lost", ""]),
        ({"2": "refused", "4": "lost"}, ["refused", "lost", ""]),
        ({"100%": "lost", "5": "slow:3"}, ["lost", "lost", "slow:3"]),
        ({"0%": "lost"}, ["", "", ""]),
    ],
)
def test_rows_are_named_by_id_number_or_share(rehearse: dict[str, str], fates: list[str]) -> None:
    items, problems = cast_fates(ROWS, rehearse)
    assert ([item.fate for item in items], problems) == (fates, [])


def test_without_rows_a_number_is_the_place() -> None:
    items, _ = cast_fates([a_spec(0), a_spec(1)], {"2": "lost"})
    assert [item.fate for item in items] == ["", "lost"]


def test_shares_take_different_rows_and_the_same_each_time() -> None:
    specs = [a_spec(index, index + 2) for index in range(2_000)]
    first, _ = cast_fates(specs, {"10%": "lost", "30%": "refused"})
    again, _ = cast_fates(list(reversed(specs)), {"10%": "lost", "30%": "refused"})
    fates = [item.fate for item in first]
    assert {item.custom_id: item.fate for item in first} == {i.custom_id: i.fate for i in again}
    assert 150 < fates.count("lost") < 250
    assert 500 < fates.count("refused") < 700


def test_a_row_that_was_refused_has_no_fate() -> None:
    refused = a_spec(0, 2, failure=Failure.of(FailureCode.INVALID_INPUT, "no"))
    items, problems = cast_fates([refused], {"2": "lost", "100%": "lost"})
    assert (items[0].fate, problems) == ("", [])


@pytest.mark.parametrize(
    ("rehearse", "field"),
    [
        ({"row-0099": "lost"}, "rehearse.row-0099"),
        ({"3": "lost"}, "rehearse.3"),
        ({"2": "explode"}, "rehearse.2"),
        ({"101%": "lost"}, "rehearse.101%"),
        ({"60%": "lost", "41%": "refused"}, "rehearse"),
    ],
)
def test_what_cannot_be_rehearsed_is_named(rehearse: dict[str, str], field: str) -> None:
    _, problems = cast_fates(ROWS, rehearse)
    assert [each.field for each in problems] == [field]
