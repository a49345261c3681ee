"""Parses CSV text with the results of PapaParse 5 (`header: true, skipEmptyLines: true`).

It guesses line break and delimiter, reads quotes and words errors as PapaParse does, in time linear
in the text. Two differences: a line of delimiters only is blank here, and an undetectable delimiter
is not an error.
"""

import re
from collections.abc import Callable, Sequence
from itertools import islice, pairwise
from operator import itemgetter

from imagebatch.formats.csv_records import (
    MAX_COLUMNS,
    MAX_PARSE_ERRORS,
    ParseError,
    Record,
    RecordReader,
    TooWideError,
)
from imagebatch.formats.visible_text import BLANK
from imagebatch.structs import Struct, field

DEFAULT_DELIMITER = ","
DELIMITERS = (",", "\t", "|", ";")
_PREVIEW_RECORDS = 10
_NEWLINE_SAMPLE = 1 << 20
_QUOTED = re.compile(r'"[^"]*+"')


class ParsedCsv(Struct):
    """`rows` holds (spreadsheet row, cells) of the first rows, `row_count` counts all of them.

    `padded` and `cut` are repaired rows: missing trailing empty cells, or extra ones. `footer` is a
    single-cell line after a blank line at the end.
    """

    delimiter: str
    header: list[str] = field(default_factory=list)
    header_row: int = 0
    rows: list[tuple[int, list[str]]] = field(default_factory=list)
    row_count: int = 0
    last_row: int = 1
    errors: list[ParseError] = field(default_factory=list)
    padded: list[int] = field(default_factory=list)
    cut: list[int] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)
    footer: int | None = None


def parse_csv(text: str, *, keep_rows: int) -> ParsedCsv:
    """Parse a whole sheet, keeping the cells of its first `keep_rows` rows."""
    text = text.removeprefix("\ufeff")
    newline = guess_newline(text)
    delimiter = guess_delimiter(text, newline) or DEFAULT_DELIMITER
    parsed = ParsedCsv(delimiter)
    reader = RecordReader(text, delimiter, newline)
    return _guarded(parsed, lambda: _read_all(reader, parsed, keep_rows))


def parse_sheet(text: str, *, keep_rows: int, delimiter: str | None = None) -> ParsedCsv:
    """As `parse_csv`, but rows that differ only in trailing empty cells are repaired, and a line
    without visible characters is blank.
    """
    text = text.removeprefix("\ufeff")
    newline = guess_newline(text)
    delimiter = delimiter or guess_delimiter(text, newline) or DEFAULT_DELIMITER
    parsed = ParsedCsv(delimiter)
    reader = RecordReader(text, delimiter, newline, ignorable=BLANK)
    return _guarded(parsed, lambda: _read_repaired(reader, parsed, keep_rows))


def _guarded(parsed: ParsedCsv, read: Callable[[], None]) -> ParsedCsv:
    try:
        read()
    except TooWideError as error:
        message = f"Too many fields: expected at most {MAX_COLUMNS} fields"
        parsed.errors.append(ParseError("FieldMismatch", "TooManyFields", message, error.row))
    return parsed


def _read_all(reader: RecordReader, parsed: ParsedCsv, keep_rows: int) -> None:
    _read_header(reader, parsed)
    width = len(parsed.header)
    while len(parsed.errors) < MAX_PARSE_ERRORS:
        reader.skip_empty_lines()
        keeping = len(parsed.rows) < keep_rows
        record = reader.read(width if keeping else 0)
        if record is None:
            break
        parsed.errors += record.errors
        parsed.last_row = record.row
        if record.blank:
            continue
        parsed.row_count += 1
        if record.count != width:
            parsed.errors.append(_mismatch(record, width))
        elif keeping:
            parsed.rows.append((record.row, record.cells))


def _read_repaired(reader: RecordReader, parsed: ParsedCsv, keep_rows: int) -> None:
    _read_header(reader, parsed)
    previous = 0
    while len(parsed.errors) < MAX_PARSE_ERRORS:
        reader.skip_empty_lines()
        record = reader.read(MAX_COLUMNS)
        if record is None:
            break
        parsed.errors += record.errors
        if record.blank:
            continue
        parsed.footer = record.row if _is_footer(record, parsed) else None
        if _continues(record, previous, parsed):
            parsed.broken.append(record.row)
        parsed.last_row, previous = record.row, record.count
        _keep(record, parsed, len(parsed.rows) < keep_rows)


def _is_footer(record: Record, parsed: ParsedCsv) -> bool:
    """Whether a row follows an empty line and has a value in its first column only."""
    set_off = record.row > parsed.last_row + 1
    return set_off and len(parsed.header) > 2 and _lone(record.cells)


def _continues(record: Record, previous: int, parsed: ParsedCsv) -> bool:
    """Whether a row and the one before, which has `previous` cells, are the halves of one."""
    width = len(parsed.header)
    adjacent = record.row == parsed.last_row + 1
    halves = max(previous, record.count) < width and previous + record.count == width + 1
    return adjacent and halves


def _keep(record: Record, parsed: ParsedCsv, keeping: bool) -> None:
    width, cells = len(parsed.header), record.cells
    parsed.row_count += 1
    if record.count < width:
        parsed.padded.append(record.row)
        cells += [""] * (width - record.count)
    elif record.count > width:
        if any(cell.strip(BLANK) for cell in cells[width:]):
            parsed.errors.append(_mismatch(record, width))
            return
        parsed.cut.append(record.row)
        del cells[width:]
    if keeping:
        parsed.rows.append((record.row, cells))


def _lone(cells: Sequence[str]) -> bool:
    return bool(cells[0].strip(BLANK)) and not any(cell.strip(BLANK) for cell in cells[1:])


def _read_header(reader: RecordReader, parsed: ParsedCsv) -> None:
    """Use the first line that is not blank."""
    for record in reader.records(MAX_COLUMNS):
        parsed.errors += record.errors
        if not record.blank:
            parsed.header = [cell.removeprefix("\ufeff") for cell in record.cells]
            parsed.header_row = parsed.last_row = record.row
            break


def _mismatch(record: Record, width: int) -> ParseError:
    message = f"expected {width} fields but parsed {record.count}"
    if record.count > width:
        return ParseError(
            "FieldMismatch", "TooManyFields", f"Too many fields: {message}", record.row
        )
    return ParseError("FieldMismatch", "TooFewFields", f"Too few fields: {message}", record.row)


def guess_newline(text: str) -> str:
    sample = _QUOTED.sub("", text[:_NEWLINE_SAMPLE])
    feed, carriage = sample.find("\n"), sample.find("\r")
    if carriage < 0 or 0 <= feed < carriage:
        return "\n"
    return "\r\n" if sample.count("\r\n") >= (sample.count("\r") + 1) / 2 else "\r"


def guess_delimiter(text: str, newline: str) -> str | None:
    """Return the delimiter whose first records agree most on their width; in a tie, the one with
    more columns.
    """
    ranks = ((each, _rank(RecordReader(text, each, newline))) for each in DELIMITERS)
    ranked = [(rank, each) for each, rank in ranks if rank is not None]
    return min(ranked, key=itemgetter(0))[1] if ranked else None


def _rank(reader: RecordReader) -> tuple[int, float] | None:
    """Return the disagreement of the records' widths and their negative mean; None for a
    delimiter that most records do not have.
    """
    try:
        widths = _widths(reader)
    except TooWideError:
        return None
    mean = sum(widths) / len(widths) if widths else 0.0
    if mean <= 1.99:
        return None
    return sum(abs(b - a) for a, b in pairwise(widths)), -mean


def _widths(reader: RecordReader) -> list[int]:
    preview = islice(reader.records(0), _PREVIEW_RECORDS)
    return [record.count for record in preview if record.count > 1 or not record.blank]
