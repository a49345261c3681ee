"""Imports product variants from CSV or JSON: reports every invalid field, or accepts everything."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from imagebatch.domain.errors import InvalidRequestError, UnprocessableError
from imagebatch.domain.notice import Notice, warning_texts
from imagebatch.intake.catalog import Variant
from imagebatch.intake.headers import ColumnSet
from imagebatch.intake.sheet import ReadOptions, read_sheet
from imagebatch.intake.urls import url_rejection_reason

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


@dataclass(frozen=True, slots=True)
class CatalogImport:
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
        found = [_problem(number, *each) for each in _faults(values)]
        variant_id = _whole(values["variantId"])
        if variant_id is not None and rows_of.setdefault(variant_id, number) != number:
            message = f"is already the variantId of row {rows_of[variant_id]}"
            found.append(_problem(number, "variantId", variant_id, message))
        problems += found
        if not found:
            variants.append(_variant(values))
    if problems:
        raise _refusal(problems)
    return tuple(variants)


def _value(value: Any) -> Any:
    trimmed = value.strip() if isinstance(value, str) else value
    return None if trimmed == "" else trimmed


def _faults(values: Mapping[str, Any]) -> Iterator[tuple[str, Any, str]]:
    for name in IDS:
        if _whole(values[name]) is None:
            yield name, values[name], f"must be a whole number from 1 to {MAX_VARIANT_ID}"
    for name in TITLES:
        value = values[name]
        if not isinstance(value, str):
            yield name, value, f"must be text of 1 to {MAX_TITLE_LENGTH} characters"
        elif len(value) > MAX_TITLE_LENGTH:
            yield name, value, f"must have at most {MAX_TITLE_LENGTH} characters, has {len(value)}"
    url = values["imageUrl"]
    if url is not None:
        reason = url_rejection_reason(url) if isinstance(url, str) else "must be an https URL"
        if reason:
            yield "imageUrl", url, reason


def _whole(value: Any) -> int | None:
    """Return a positive whole number, also from text written by a spreadsheet or an exporter."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 16:
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 1 <= value <= MAX_VARIANT_ID else None


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
