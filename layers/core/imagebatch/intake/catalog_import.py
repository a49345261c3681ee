"""Imports product variants from CSV or JSON: reports every invalid field, or accepts everything."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from imagebatch.domain.errors import InvalidRequestError, UnprocessableError
from imagebatch.domain.notice import Notice, warning_texts
from imagebatch.intake.catalog import Variant
from imagebatch.intake.headers import ColumnSet
from imagebatch.intake.sheet import ReadOptions, read_sheet
from imagebatch.intake.urls import url_rejection_reason
from imagebatch.structs import Struct

COLUMNS = ("variantId", "variantTitle", "productId", "productTitle", "imageUrl")
SHEET_COLUMNS = ColumnSet(
    COLUMNS,
    synonyms={
        "variant_id": "variantId",
        "variant_title": "variantTitle",
        "product_id": "productId",
        "product_title": "productTitle",
        "image_url": "imageUrl",
    },
)
IDS = ("variantId", "productId")
TITLES = ("variantTitle", "productTitle")
MAX_IMPORT_ROWS = 1_000
MAX_VARIANT_ID = 2**53 - 1
"""The largest integer that every JSON parser keeps exact."""
MAX_TITLE_LENGTH = 200
SHOWN = 200
_DIGITS = re.compile(r"[0-9]{1,16}")

type Fault = tuple[str, Any, str]
"""(column, value, message)"""


class CatalogImport(Struct, frozen=True):
    variants: tuple[Variant, ...]
    notices: tuple[Notice, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        return warning_texts(self.notices)


def import_csv(body: bytes, options: ReadOptions | None = None) -> CatalogImport:
    """InvalidRequestError if the file is not a sheet, UnprocessableError for invalid fields."""
    sheet = read_sheet(body, max_rows=MAX_IMPORT_ROWS, columns=SHEET_COLUMNS, options=options)
    return CatalogImport(_checked((row.row, row.values) for row in sheet.rows), sheet.notices)


def import_list(rows: Any) -> CatalogImport:
    """Rows of a JSON list, counted from 1; InvalidRequestError as in `import_csv`."""
    if not isinstance(rows, list):
        raise UnprocessableError("invalid-json", "The body must be a JSON list of variants")
    if not rows:
        raise InvalidRequestError("no-rows", "No data rows found")
    if len(rows) > MAX_IMPORT_ROWS:
        raise InvalidRequestError(
            "row-limit",
            f"Row limit exceeded (max {MAX_IMPORT_ROWS})",
            detail=f"The list has {len(rows)} variants; one import accepts {MAX_IMPORT_ROWS}.",
        )
    return CatalogImport(_checked(enumerate(rows, start=1)))


def _checked(rows: Iterable[tuple[int, Any]]) -> tuple[Variant, ...]:
    variants, problems = [], []
    rows_of: dict[int, int] = {}
    for number, row in rows:
        if not isinstance(row, Mapping):
            problems.append(_problem(number, "", row, "must be an object"))
            continue
        values = {name: _value(row.get(name)) for name in COLUMNS}
        faults = (*_faults(values), *_repeats(values, number, rows_of))
        found = [_problem(number, *fault) for fault in faults]
        problems += found
        if not found:
            variants.append(_variant(values))
    if problems:
        raise _refusal(problems)
    return tuple(variants)


def _value(value: Any) -> Any:
    trimmed = value.strip() if isinstance(value, str) else value
    return None if trimmed == "" else trimmed


def _faults(values: Mapping[str, Any]) -> Iterator[Fault]:
    for name, reason_against in _RULES.items():
        value = values[name]
        if reason := reason_against(value):
            yield name, value, reason


def _repeats(values: Mapping[str, Any], number: int, rows_of: dict[int, int]) -> Iterator[Fault]:
    """`rows_of` has the first row of each variant, and gets this one's."""
    variant_id = _whole(values["variantId"])
    if variant_id is not None and rows_of.setdefault(variant_id, number) != number:
        message = f"is already the variantId of row {rows_of[variant_id]}"
        yield "variantId", variant_id, message


def _not_an_id(value: Any) -> str | None:
    return f"must be a whole number from 1 to {MAX_VARIANT_ID}" if _whole(value) is None else None


def _not_a_title(value: Any) -> str | None:
    if not isinstance(value, str):
        return f"must be text of 1 to {MAX_TITLE_LENGTH} characters"
    if len(value) > MAX_TITLE_LENGTH:
        return f"must have at most {MAX_TITLE_LENGTH} characters, has {len(value)}"
    return None


def _not_an_image_url(value: Any) -> str | None:
    if value is None:
        return None
    return url_rejection_reason(value) if isinstance(value, str) else "must be an https URL"


_RULES: Mapping[str, Callable[[Any], str | None]] = {
    **dict.fromkeys(IDS, _not_an_id),
    **dict.fromkeys(TITLES, _not_a_title),
    "imageUrl": _not_an_image_url,
}


def _whole(value: Any) -> int | None:
    """Return a positive whole number, also from text written by a spreadsheet or an exporter."""
    number = _as_integer(value)
    return number if number is not None and 1 <= number <= MAX_VARIANT_ID else None


def _as_integer(value: Any) -> int | None:
    match value:
        case bool():
            return None
        case int():
            return value
        case float() if value.is_integer():
            return int(value)
        case str() if _DIGITS.fullmatch(value):
            return int(value)
    return None


def _variant(values: Mapping[str, Any]) -> Variant:
    variant_id, product_id = (_whole(values[name]) or 0 for name in IDS)
    title, product_title = (" ".join(values[name].split()) for name in TITLES)
    return Variant(
        id=variant_id,
        title=title,
        product_id=product_id,
        product_title=product_title,
        image_url=values["imageUrl"],
    )


def _problem(row: int, column: str, value: Any, message: str) -> dict[str, Any]:
    shown = "" if value is None else str(value)
    return {
        "row": row,
        "column": column,
        "value": shown if len(shown) <= SHOWN else shown[: SHOWN - 1] + "…",
        "message": message,
    }


def _refusal(problems: Sequence[Mapping[str, Any]]) -> InvalidRequestError:
    first = problems[0]
    rows = len({problem["row"] for problem in problems})
    return UnprocessableError(
        "invalid-variants",
        "Invalid variants",
        title="Some variants are not valid",
        detail=f"{rows} {'row has' if rows == 1 else 'rows have'} values that are not valid, and "
        "nothing was imported. "
        f"Row {first['row']}: {first['column']} {first['message']}.",
        details=problems,
    )
