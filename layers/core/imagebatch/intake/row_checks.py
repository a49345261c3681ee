"""What is wrong with the values of a sheet's rows, with what was probably meant."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from math import log

from imagebatch.intake.sheet import Sheet, SheetRow

BACKGROUNDS = ("white", "hub")
ASPECT_RATIOS = ("1:1", "16:9", "9:16", "4:3", "3:4")
CHOICES: Mapping[str, tuple[str, ...]] = {"background": BACKGROUNDS, "aspect_ratio": ASPECT_RATIOS}
MAX_VALUE = 200
MAX_CUSTOM_ID = 64
_HUB_WORDS = ("dealer", "showroom", "forecourt", "outdoor", "lot")
_WHITE_WORDS = ("studio", "plain", "blank", "weiss", "weiß", "blanc", "blanco")
_RATIO = re.compile(r"0*(\d{1,2})\D{1,3}0*(\d{1,2})(?:\D0+)?")
_RATIO_WORDS = {"square": "1:1", "landscape": "16:9", "wide": "16:9", "portrait": "9:16"}


@dataclass(frozen=True, slots=True)
class RowProblem:
    row: int
    column: str
    value: str
    message: str
    suggestion: str | None = None


def default_custom_id(row: int) -> str:
    return f"row-{row:04d}"


def check_rows(sheet: Sheet) -> list[RowProblem]:
    """All problems of all rows, in the order of the rows."""
    owners = {default_custom_id(r.row): r.row for r in sheet.rows if "custom_id" not in r.values}
    return [problem for row in sheet.rows for problem in _check(row, owners)]


def _check(row: SheetRow, owners: dict[str, int]) -> Iterator[RowProblem]:
    for column, value in row.values.items():
        if column in CHOICES:
            found = _check_choice(column, value)
        elif column == "custom_id":
            found = _check_custom_id(value, row.row, owners)
        else:
            found = _check_length(value, MAX_VALUE)
        if found:
            message, suggestion = found
            yield RowProblem(row.row, column, _shown(value), message, suggestion)


def _check_choice(column: str, value: str) -> tuple[str, str | None] | None:
    choices = CHOICES[column]
    if value.casefold() in choices:
        return None
    suggest = _suggest_background if column == "background" else _suggest_ratio
    return f"must be one of {', '.join(choices)}", suggest(value[:MAX_VALUE].casefold())


def _check_custom_id(value: str, row: int, owners: dict[str, int]) -> tuple[str, str | None] | None:
    if too_long := _check_length(value, MAX_CUSTOM_ID):
        return too_long
    first = owners.setdefault(value, row)
    return None if first == row else (f"is the custom_id of row {first} already", None)


def _check_length(value: str, most: int) -> tuple[str, str | None] | None:
    if len(value) <= most:
        return None
    return f"must have at most {most} characters, has {len(value)}", None


def _shown(value: str) -> str:
    return value if len(value) <= MAX_VALUE else value[: MAX_VALUE - 1] + "…"


def _suggest_background(value: str) -> str | None:
    if any(word in value for word in _HUB_WORDS):
        return "hub"
    if any(word in value for word in (*_WHITE_WORDS, "white")):
        return "white"
    return next(iter(get_close_matches(value, BACKGROUNDS, n=1, cutoff=0.5)), None)


def _suggest_ratio(value: str) -> str | None:
    """The ratio nearest to the one meant, also where a spreadsheet made a time of it (16:09:00)."""
    if value in _RATIO_WORDS:
        return _RATIO_WORDS[value]
    match = _RATIO.fullmatch(value)
    if not match or "0" in match.groups():
        return None
    wanted = log(int(match[1]) / int(match[2]))
    return min(ASPECT_RATIOS, key=lambda ratio: abs(_log_ratio(ratio) - wanted))


def _log_ratio(ratio: str) -> float:
    width, height = ratio.split(":")
    return log(int(width) / int(height))
