"""Converts a file's bytes to a table of text cells, for CSV and workbooks."""

import re
from collections.abc import Iterable, Iterator, Mapping

from imagebatch.domain.notice import Notice, warning
from imagebatch.formats.csv_parse import DELIMITERS, ParsedCsv, parse_csv, parse_sheet
from imagebatch.formats.csv_records import ParseError
from imagebatch.formats.file_kind import FileKind, kind_of_file
from imagebatch.formats.visible_text import BLANK
from imagebatch.formats.xlsx import (
    CellFault,
    SheetNotFoundError,
    WorkbookError,
    WorkbookSheet,
    read_xlsx,
)
from imagebatch.intake.decoding import ControlCharacterError, decode_sheet
from imagebatch.intake.repairs import repair_text
from imagebatch.intake.sheet_refusals import (
    MAX_BYTES,
    malformed,
    no_rows,
    no_such_sheet,
    not_a_sheet,
    sheet_required,
    too_large,
    unreadable_workbook,
)
from imagebatch.structs import Struct, field

_CONTROL = re.compile(r"[\x00-\x08\x0c\x0e-\x1f\x7f-\x9f]")


class Table(Struct, frozen=True):
    """`parsed` has the same form for CSV and workbooks; `faults` are cells without a usable
    value.
    """

    parsed: ParsedCsv
    notices: tuple[Notice, ...]
    faults: Mapping[tuple[int, int], CellFault] = field(default_factory=dict)


def read_table(
    body: bytes, *, keep_rows: int, encoding: str | None = None, sheet: str | None = None
) -> Table:
    """InvalidRequestError for a file that is not a sheet, or would lose data when read."""
    if not body:
        raise sheet_required()
    if len(body) > MAX_BYTES:
        raise too_large(len(body))
    kind = kind_of_file(body)
    if kind is FileKind.XLSX:
        return _from_workbook(body, keep_rows, sheet)
    if kind is not None:
        raise not_a_sheet(kind)
    return _from_text(body, keep_rows, encoding)


def _from_text(body: bytes, keep_rows: int, encoding: str | None) -> Table:
    try:
        decoded = decode_sheet(body, encoding)
    except ControlCharacterError as error:
        row = parse_csv(error.before + "x", keep_rows=0).last_row
        raise malformed([ParseError("Encoding", "ControlCharacter", error.message, row)]) from None
    text, delimiter, repaired = repair_text(decoded.text)
    if not text.strip(BLANK + "".join(DELIMITERS)):
        raise no_rows()
    parsed = parse_sheet(text, keep_rows=keep_rows, delimiter=delimiter)
    _refuse_faulty(parsed)
    return Table(parsed, (*decoded.notices, *repaired, *_ragged(parsed)))


def _from_workbook(body: bytes, keep_rows: int, wanted: str | None) -> Table:
    try:
        found = read_xlsx(body, wanted)
    except SheetNotFoundError as error:
        raise no_such_sheet(error.names) from None
    except WorkbookError as error:
        raise unreadable_workbook(str(error)) from None
    parsed = _parsed(found, keep_rows)
    _refuse_faulty(parsed)
    if not parsed.header:
        raise no_rows()
    return Table(parsed, tuple(_workbook_notices(found)), found.faults)


def _workbook_notices(found: WorkbookSheet) -> Iterator[Notice]:
    message = f"The file is an Excel workbook; its sheet '{found.name}' was read."
    yield Notice("workbook", message)
    if found.others:
        listed = ", ".join(found.others[:10])
        yield Notice("other-sheets", f"Other sheets are not read: {listed}.")


def _parsed(found: WorkbookSheet, keep_rows: int) -> ParsedCsv:
    parsed = ParsedCsv(",")
    width = 0
    for number, row in found.rows:
        visible = _visible_places(row)
        faulty = _faulty_places(found, number, len(row))
        if not visible and not faulty:
            continue
        parsed.errors += _control_faults(number, row)
        if not parsed.header:
            parsed.header, parsed.header_row = _cells(row, len(row)), number
            parsed.last_row = number
            continue
        width = max(width, *visible, *faulty, 0)
        parsed.footer = number if _is_set_off(parsed, number, visible) else None
        parsed.row_count += 1
        parsed.last_row = number
        if len(parsed.rows) < keep_rows:
            parsed.rows.append((number, _cells(row, len(row))))
    return _narrowed(parsed, width + 1)


def _visible_places(row: Iterable[str]) -> list[int]:
    return [place for place, cell in enumerate(row) if cell.strip(BLANK)]


def _faulty_places(found: WorkbookSheet, number: int, width: int) -> list[int]:
    return [place for place in range(width) if (number, place) in found.faults]


def _is_set_off(parsed: ParsedCsv, number: int, visible: list[int]) -> bool:
    """Whether a row follows an empty one and has a value in its first column only."""
    return number > parsed.last_row + 1 and visible == [0] and len(parsed.header) > 2


def _narrowed(parsed: ParsedCsv, used: int) -> ParsedCsv:
    """Remove empty columns at the right."""
    width = max(used, 1 + max(_visible_places(parsed.header), default=-1))
    parsed.header = parsed.header[:width]
    parsed.rows = [(number, cells[:width]) for number, cells in parsed.rows]
    return parsed


def _cells(row: Iterable[str], width: int) -> list[str]:
    return [cell.replace("\x0b", " ") for cell in row][:width]


def _control_faults(number: int, row: Iterable[str]) -> list[ParseError]:
    for cell in row:
        if found := _CONTROL.search(cell):
            message = f"Control character U+{ord(found[0]):04X} is not allowed"
            return [ParseError("Encoding", "ControlCharacter", message, number)]
    return []


def _refuse_faulty(parsed: ParsedCsv) -> None:
    if parsed.errors:
        raise malformed(parsed.errors[:100])
    if parsed.footer is not None:
        message = (
            "A single cell after a blank line at the end looks like a footer, not a row. "
            "Delete that line, or the blank line before it"
        )
        raise malformed([ParseError("FieldMismatch", "TooFewFields", message, parsed.footer)])


def _ragged(parsed: ParsedCsv) -> Iterator[Notice]:
    if parsed.padded:
        many = _rows(len(parsed.padded))
        message = f"Missing trailing cells of {many} are read as empty."
        yield Notice("padded-rows", message, row=parsed.padded[0])
    if parsed.cut:
        many = _rows(len(parsed.cut))
        message = f"Empty cells beyond the last column of {many} are ignored."
        yield Notice("cut-rows", message, row=parsed.cut[0])
    if parsed.broken:
        row = parsed.broken[0]
        message = f"Rows {row - 1} and {row} may be a single row with a line break in a cell."
        yield warning("broken-rows", message, row=row)


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
