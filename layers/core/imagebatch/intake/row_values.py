"""Normalizes the values of a sheet's rows."""

from collections.abc import Mapping, Sequence

from imagebatch.intake.aspect_ratios import read_ratio
from imagebatch.intake.cell_values import CellReader
from imagebatch.intake.row_checks import MAX_VALUE
from imagebatch.intake.sheet import Sheet, SheetRow
from imagebatch.structs import replace


def with_choices(
    sheet: Sheet, ratios: Sequence[str], choices: Mapping[str, Sequence[str]]
) -> Sheet:
    """Return the sheet with ratios and choices in their listed spelling; unknown values stay
    unchanged and are rejected later.
    """
    reader = CellReader()
    rows = tuple(_row(row, ratios, choices, reader) for row in sheet.rows)
    return replace(sheet, rows=rows, notices=(*sheet.notices, *reader.notices()))


def _row(
    row: SheetRow, ratios: Sequence[str], choices: Mapping[str, Sequence[str]], reader: CellReader
) -> SheetRow:
    found = {
        name: _spelled(row.values[name], choices[name]) for name in choices if name in row.values
    }
    if ratio := _ratio(row, ratios, reader):
        found["aspect_ratio"] = ratio
    return replace(row, values=row.values | found) if found else row


def _ratio(row: SheetRow, ratios: Sequence[str], reader: CellReader) -> str | None:
    written = row.values.get("aspect_ratio", "")
    if not written or len(written) > MAX_VALUE:
        return None
    ratio = read_ratio(written, ratios)
    if ratio and ratio != written:
        reader.note("ratio", "aspect_ratio", row.row, written, ratio)
    return ratio


def _spelled(value: str, choices: Sequence[str]) -> str:
    folded = value.casefold()
    return next((choice for choice in choices if choice.casefold() == folded), value)
