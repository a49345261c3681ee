"""Reads a sheet into rows of known columns, or raises the error that explains what is wrong."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from imagebatch.domain.notice import Notice, warning_texts
from imagebatch.formats.csv_parse import ParsedCsv
from imagebatch.formats.csv_records import ParseError
from imagebatch.formats.visible_text import folded_name
from imagebatch.formats.xlsx import CellFault
from imagebatch.intake.cell_values import CellReader
from imagebatch.intake.headers import (
    ColumnSet,
    HeaderMap,
    check_header,
    known_columns_hint,
    map_header,
    unknown_columns_notice,
)
from imagebatch.intake.sheet_refusals import MAX_BYTES, malformed, no_rows, too_many_rows
from imagebatch.intake.sheet_table import Table, read_table
from imagebatch.structs import Struct, field, replace

__all__ = ["COLUMNS", "MAX_BYTES", "ReadOptions", "Sheet", "SheetRow", "read_sheet"]

REFERENCES = ("reference", "reference_2", "reference_3", "reference_4")
COLUMNS = (
    "make",
    "model",
    "body_style",
    "trim",
    "year",
    "color",
    "background",
    "aspect_ratio",
    "custom_id",
)
MEANING_SYNONYMS = {"aspectratio": "aspect_ratio", "customid": "custom_id"}
CAR_COLUMNS = ColumnSet(
    names=(*COLUMNS, "seed", *REFERENCES),
    synonyms={"colour": "color", "bodystyle": "body_style", **MEANING_SYNONYMS},
    weak_synonyms={"id": "custom_id"},
    identifying=("make", "model"),
    elsewhere={
        "prompt": "a sheet with a column prompt is not a car sheet: send it with a template to "
        "POST /api/sheet-batch, or its prompts to POST /api/v1/batch/generate"
    },
)
_HEADER_LOOKAHEAD = 5


class ReadOptions(Struct, frozen=True):
    """The caller's options: the encoding, the sheet of a workbook, and whether to ignore unknown
    columns.
    """

    encoding: str | None = None
    sheet: str | None = None
    ignore_unknown: bool = False


class SheetRow(Struct, frozen=True):
    """`row` is the number that a spreadsheet shows; `cells` are as in the file.

    `values` are the non-empty columns by name, as interpreted; `faults` are cells of such columns
    without a usable value.
    """

    row: int
    cells: tuple[str, ...]
    values: dict[str, str]
    faults: Mapping[str, CellFault] = field(default_factory=dict)


class Sheet(Struct, frozen=True):
    """`columns` are the names under which the columns' values are stored, by position."""

    header: tuple[str, ...]
    rows: tuple[SheetRow, ...]
    notices: tuple[Notice, ...]
    delimiter: str
    columns: Mapping[int, str] = field(default_factory=dict)

    @property
    def warnings(self) -> tuple[str, ...]:
        return warning_texts(self.notices)


def read_sheet(
    body: bytes,
    *,
    max_rows: int,
    columns: ColumnSet = CAR_COLUMNS,
    options: ReadOptions | None = None,
    check: Callable[[Sequence[str], Mapping[int, str]], None] = lambda _header, _names: None,
) -> Sheet:
    """Read a CSV or a workbook. InvalidRequestError in a fixed order of checks.

    `check` validates the header, given the header and the names under which its columns are read.
    """
    options = options or ReadOptions()
    table = read_table(body, keep_rows=max_rows, encoding=options.encoding, sheet=options.sheet)
    parsed = table.parsed
    found = map_header(parsed.header, columns)
    if not found.places:
        _refuse_unknown_header(parsed, columns)
    if not options.ignore_unknown:
        check_header(found, parsed.header, columns)
    named = _named(found, columns)
    check(parsed.header, named)
    _check_row_count(parsed, max_rows)
    reader = CellReader()
    rows = tuple(_row(number, cells, named, table, reader) for number, cells in parsed.rows)
    repeated = _without_repeated_ids(rows) if "custom_id" in found.weak else None
    ignored = () if columns.any_column else unknown_columns_notice(found)
    return Sheet(
        header=tuple(parsed.header),
        rows=rows if repeated is None else repeated,
        notices=(*table.notices, *found.notices, *ignored, *reader.notices(), *_repeats(repeated)),
        delimiter=parsed.delimiter,
        columns=named,
    )


def _check_row_count(parsed: ParsedCsv, max_rows: int) -> None:
    if parsed.row_count > max_rows:
        raise too_many_rows(parsed.row_count, max_rows)
    if not parsed.rows:
        raise no_rows()


def _named(found: HeaderMap, columns: ColumnSet) -> dict[int, str]:
    """Return the name of each column that is read, by position."""
    named = {place: name for name, place in found.places.items()}
    if columns.any_column:
        for place, name in found.others.items():
            if (folded := folded_name(name)) not in named.values():
                named[place] = folded
    return named


def _row(
    number: int, cells: Sequence[str], named: Mapping[int, str], table: Table, reader: CellReader
) -> SheetRow:
    values, faults = {}, {}
    for place, name in named.items():
        if fault := table.faults.get((number, place)):
            faults[name] = fault
        elif cells[place] and (value := reader.read(cells[place], name, number)):
            values[name] = value
    return SheetRow(number, tuple(cells), values, faults)


def _without_repeated_ids(rows: Sequence[SheetRow]) -> tuple[SheetRow, ...] | None:
    """Return the rows with `id` as an ordinary column if it cannot be the items' ID."""
    ids = [row.values["custom_id"] for row in rows if "custom_id" in row.values]
    if len(set(ids)) == len(ids):
        return None
    return tuple(replace(row, values=_renamed(row.values)) for row in rows)


def _renamed(values: Mapping[str, str]) -> dict[str, str]:
    return {"id" if name == "custom_id" else name: value for name, value in values.items()}


def _repeats(repeated: object | None) -> Iterator[Notice]:
    if repeated is not None:
        message = "The column id repeats values, so it is not read as custom_id."
        yield Notice("repeated-ids", message, column="id")


def _refuse_unknown_header(parsed: ParsedCsv, columns: ColumnSet) -> None:
    message = f"None of the known columns is in the header: {', '.join(columns.names)}"
    hints = [*_title_hints(parsed, columns), known_columns_hint(parsed.header, columns)]
    hints += [t for n in parsed.header if (t := columns.elsewhere.get(folded_name(n)))]
    message += "".join(f". {hint}" for hint in hints if hint)
    if columns.any_column and not any(_title_hints(parsed, columns)):
        return
    raise malformed([ParseError("FieldMismatch", "TooFewFields", message, parsed.header_row)])


def _title_hints(parsed: ParsedCsv, columns: ColumnSet) -> Iterator[str]:
    for number, cells in parsed.rows[:_HEADER_LOOKAHEAD]:
        if len(map_header(cells, columns).places) > 1:
            yield f"Row {number} looks like the header: delete the rows above it"
            return
