"""Validates the values of a sheet's rows and suggests corrections."""

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

from imagebatch.domain.batch_manifest import RowProblem
from imagebatch.formats.visible_text import show_invisible
from imagebatch.intake.aspect_ratios import suggest_ratio
from imagebatch.intake.sheet import Sheet, SheetRow
from imagebatch.structs import Struct, field

BACKGROUNDS = ("white", "hub")
ASPECT_RATIOS = ("1:1", "16:9", "9:16", "4:3", "3:4")
MAX_VALUE = 200
MAX_CUSTOM_ID = 64
MAX_SEED = 2**32 - 1
_NOT_IN_IDS = re.compile(r"[/\\?#%]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LOW_CONTROL = re.compile(r"[\x00-\x1f]")
_WORDS_FOR_BACKGROUNDS = {
    "hub": ("dealer", "showroom", "forecourt", "outdoor", "lot"),
    "white": ("studio", "plain", "blank", "weiss", "weiß", "blanc", "blanco", "white"),
}


class RowRules(Struct, frozen=True):
    """`choices` are the closed lists by column; every other value has at most `max_length`.

    A message lists and suggests only the `supported_ratios`, if given: others are valid values that
    the batch's models refuse later.
    """

    choices: Mapping[str, Sequence[str]]
    max_length: int = MAX_VALUE
    max_lengths: Mapping[str, int] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    supported_ratios: Sequence[str] = ()

    def offered(self, column: str) -> Sequence[str]:
        choices = self.choices[column]
        supported = self.supported_ratios if column == "aspect_ratio" else ()
        return [choice for choice in choices if choice in supported] or choices


CAR_RULES = RowRules({"background": BACKGROUNDS, "aspect_ratio": ASPECT_RATIOS})


def default_custom_id(row: int) -> str:
    return f"row-{row:04d}"


def check_rows(sheet: Sheet, rules: RowRules = CAR_RULES) -> list[RowProblem]:
    """Return all problems of all rows, in row order."""
    owners = {default_custom_id(r.row): r.row for r in sheet.rows if "custom_id" not in r.values}
    return [problem for row in sheet.rows for problem in _check(row, rules, owners)]


def _check(row: SheetRow, rules: RowRules, owners: dict[str, int]) -> Iterator[RowProblem]:
    for column, fault in row.faults.items():
        yield RowProblem(row.row, column, fault.value, fault.message)
    for column in rules.required:
        if column not in row.values and column not in row.faults:
            yield RowProblem(row.row, column, "", "is required")
    for column, value in row.values.items():
        if found := _fault(column, value, row.row, rules, owners):
            yield RowProblem(row.row, column, _shown(value), *found)


def _fault(
    column: str, value: str, row: int, rules: RowRules, owners: dict[str, int]
) -> tuple[str, str | None] | None:
    if column in rules.choices:
        return _check_choice(column, value, rules)
    if column == "custom_id":
        return _check_custom_id(value, row, owners)
    if column == "seed":
        return _check_seed(value)
    return _check_length(value, rules.max_lengths.get(column, rules.max_length))


def _check_choice(column: str, value: str, rules: RowRules) -> tuple[str, str | None] | None:
    choices = rules.choices[column]
    folded = value[:MAX_VALUE].casefold()
    if folded in {choice.casefold() for choice in choices} and len(value) <= MAX_VALUE:
        return None
    offered = rules.offered(column)
    return f"must be one of {', '.join(offered)}", _suggest_choice(column, folded, offered)


def _suggest_choice(column: str, value: str, choices: Sequence[str]) -> str | None:
    if column == "aspect_ratio":
        return suggest_ratio(value, choices)
    if tuple(choices) == BACKGROUNDS and (meant := _meant_background(value)):
        return meant
    folded = {choice.casefold(): choice for choice in choices}
    close = get_close_matches(value, folded, n=1, cutoff=0.5)
    return folded[close[0]] if close else None


def _meant_background(value: str) -> str | None:
    return next(
        (
            background
            for background, words in _WORDS_FOR_BACKGROUNDS.items()
            if any(word in value for word in words)
        ),
        None,
    )


def _check_custom_id(value: str, row: int, owners: dict[str, int]) -> tuple[str, str | None] | None:
    if too_long := _check_length(value, MAX_CUSTOM_ID):
        return too_long
    if _NOT_IN_IDS.search(value) or _CONTROL.search(value):
        kept = _NOT_IN_IDS.sub("-", _LOW_CONTROL.sub("", value))
        return "must not contain / \\ ? # % or control characters", kept
    first = owners.setdefault(value, row)
    return None if first == row else (f"is already the custom_id of row {first}", None)


def _check_seed(value: str) -> tuple[str, str | None] | None:
    if value.isascii() and value.isdigit() and len(value) <= 10 and int(value) <= MAX_SEED:
        return None
    return f"must be a whole number from 0 to {MAX_SEED}", None


def _check_length(value: str, max_length: int) -> tuple[str, str | None] | None:
    if len(value) <= max_length:
        return None
    return f"must have at most {max_length} characters, has {len(value)}", None


def _shown(value: str) -> str:
    short = value if len(value) <= MAX_VALUE else value[: MAX_VALUE - 1] + "…"
    return show_invisible(short)
