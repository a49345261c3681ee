"""Reads one sheet of an .xlsx workbook as rows of text, in bounded time and memory.

python-calamine reads the values. The workbook's own XML is scanned first for what it does not
report and for what would use unbounded memory: error cells, formulas without a computed value, and
the sheet's extent.
"""

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from io import BytesIO
from itertools import chain, pairwise
from posixpath import join, normpath
from typing import Any
from xml.etree import ElementTree as ET

from imagebatch.structs import Struct, field

MAX_MEMBERS = 2_000
MAX_UNPACKED_BYTES = 64 * 1024 * 1024
MAX_RATIO = 250
"""The ratio of a workbook's unpacked size to its own; real ones, including empty formatted cells,
stay far below. It is checked above a minimum size.
"""
MIN_BYTES_OF_A_BOMB = 8 * 1024 * 1024
MAX_CELLS = 1_000_000
_CHUNK = 1 << 20
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_CELL = re.compile(rb"<(?:\w+:)?c\b([^<>]*)>")
_PLACE = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
_TYPE = re.compile(rb'\bt="(\w+)"')
_FORMULA = re.compile(rb"<(?:\w+:)?f\b")
_VALUE = re.compile(rb"<(?:\w+:)?v\b[^<>]*>([^<]+)|<(?:\w+:)?is\b")
_NO_VALUE = "holds a formula without a stored value; open the workbook, save it and send it again"


_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    KeyError,
    ET.ParseError,
    NotImplementedError,
)
"""The exceptions of Python's readers for a damaged workbook."""


class WorkbookError(ValueError):
    """A workbook that cannot be read; the message completes "the workbook ..."."""


class SheetNotFoundError(WorkbookError):
    def __init__(self, names: Sequence[str]) -> None:
        super().__init__("has no such sheet")
        self.names = tuple(names)


class CellFault(Struct, frozen=True):
    """The displayed text of a cell, and its problem."""

    value: str
    message: str


class WorkbookSheet(Struct, frozen=True):
    """`rows` are numbered as in the spreadsheet; `faults` are cells without a usable value, by row
    and 0-based column.
    """

    name: str
    others: tuple[str, ...]
    rows: list[tuple[int, list[str]]]
    faults: dict[tuple[int, int], CellFault] = field(default_factory=dict)


def read_xlsx(body: bytes, sheet: str | None = None) -> WorkbookSheet:
    """The named sheet, or the first visible one."""
    try:
        with zipfile.ZipFile(BytesIO(body)) as archive:
            _check_bounds(archive, len(body))
            name, others, path = _choose(archive, sheet)
            xml = archive.read(path)
    except _DAMAGE as error:
        raise WorkbookError("is damaged") from error
    faults, cells = _scan(xml)
    _check_extent(cells)
    rows = [(number, list(map(as_text, row))) for number, row in _values(body, name)]
    return WorkbookSheet(name, others, rows, faults)


def _check_bounds(archive: zipfile.ZipFile, size: int) -> None:
    """Unpack everything once without keeping it: the sizes that an archive declares may be
    wrong.
    """
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise WorkbookError(f"has more than {MAX_MEMBERS:,} parts")
    if any(member.flag_bits & 1 for member in members):
        raise WorkbookError("is protected by a password")
    if sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
        raise _too_large()
    if _unpacked_size(archive) > max(MIN_BYTES_OF_A_BOMB, size * MAX_RATIO):
        raise WorkbookError(f"unpacks to more than {MAX_RATIO} times its size")


def _unpacked_size(archive: zipfile.ZipFile) -> int:
    left = MAX_UNPACKED_BYTES
    for member in archive.infolist():
        with archive.open(member) as part:
            while chunk := part.read(_CHUNK):
                left -= len(chunk)
                if left < 0:
                    raise _too_large()
    return MAX_UNPACKED_BYTES - left


def _too_large() -> WorkbookError:
    return WorkbookError(f"is larger than {MAX_UNPACKED_BYTES >> 20} MB when it is unpacked")


def _choose(archive: zipfile.ZipFile, wanted: str | None) -> tuple[str, tuple[str, ...], str]:
    """Return the sheet's name, the other visible ones, and the path of its XML."""
    sheets = _sheets(archive)
    visible = [e for e in sheets if e.get("state", "visible") == "visible"]
    names = list(map(_name, visible))
    chosen = visible if wanted is None else _named(sheets, wanted)
    if not chosen:
        raise SheetNotFoundError(names)
    name = _name(chosen[0])
    return name, tuple(n for n in names if n != name), _path_of(archive, chosen[0])


def _sheets(archive: zipfile.ZipFile) -> list[ET.Element]:
    """Return the workbook's list of sheets, hidden ones included."""
    workbook = _xml(archive.read("xl/workbook.xml"))
    return [element for element in workbook.iter() if _tag(element) == "sheet"]


def _named(sheets: Sequence[ET.Element], name: str) -> list[ET.Element]:
    return [sheet for sheet in sheets if _name(sheet).casefold() == name.casefold()]


def _name(sheet: ET.Element) -> str:
    return sheet.get("name", "")


def _path_of(archive: zipfile.ZipFile, sheet: ET.Element) -> str:
    """Return the path of a sheet's XML in the archive."""
    relations = _xml(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {each.get("Id"): each.get("Target", "") for each in relations}
    target = targets[sheet.get(_RELATION, "")]
    return target.lstrip("/") if target.startswith("/") else normpath(join("xl", target))


def _xml(text: bytes) -> ET.Element:
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise WorkbookError("holds a document type declaration")
    return ET.fromstring(text)  # noqa: S314 - without a DTD there is no entity to expand


def _tag(element: ET.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _scan(xml: bytes) -> tuple[dict[tuple[int, int], CellFault], list[tuple[int, int]]]:
    """Return the faulty cells, and the positions of all cells with content."""
    faults: dict[tuple[int, int], CellFault] = {}
    places = []
    for attributes, content in _cells(xml):
        place = _PLACE.search(attributes)
        if place is None:
            continue
        where = int(place[2]), _column(place[1])
        places.append(where)
        fault = _fault(attributes, content)
        if fault is not None:
            faults[where] = fault
    return faults, places


def _fault(attributes: bytes, content: bytes) -> CellFault | None:
    found = _TYPE.search(attributes)
    kind = found[1] if found else b""
    value = _VALUE.search(content)
    if kind == b"e":
        return _error_cell(value)
    if value is None and kind != b"str" and _FORMULA.search(content):
        return CellFault("", _NO_VALUE)
    return None


def _error_cell(value: re.Match[bytes] | None) -> CellFault:
    shown = (value and value[1]) or b"#ERROR!"
    return CellFault(shown.decode(errors="replace"), "is an error of the workbook")


def _cells(xml: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the attributes of each cell with content, and its content with the following text."""
    found = pairwise(chain(_CELL.finditer(xml), [None]))
    for cell, following in found:
        if cell is not None and not cell[1].endswith(b"/"):
            yield cell[1], xml[cell.end() : following.start() if following else len(xml)]


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _check_extent(places: Sequence[tuple[int, int]]) -> None:
    """The reader allocates the whole rectangle around the cells."""
    rows = max((row for row, _ in places), default=0)
    columns = max((column for _, column in places), default=-1) + 1
    if len(places) > MAX_CELLS or rows * columns > MAX_CELLS:
        raise WorkbookError(
            f"reaches over {rows:,} rows and {columns:,} columns; at most {MAX_CELLS:,} cells are "
            "read. Delete what lies far below or beside the table"
        )


def _values(body: bytes, name: str) -> Iterator[tuple[int, list[Any]]]:
    from python_calamine import CalamineError, load_workbook

    try:
        workbook = load_workbook(BytesIO(body))
        sheet = workbook.get_sheet_by_name(name)
        rows = sheet.to_python(skip_empty_area=False)
    except CalamineError as error:
        raise WorkbookError("is damaged") from error
    except BaseException as error:
        # A panic of the Rust code is not an Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise WorkbookError("is damaged") from error
    yield from enumerate(rows, start=1)


def as_text(value: Any) -> str:
    """Format a cell's value as a person would type it: no trailing `.0`, dates in ISO 8601."""
    return "" if value is None else _TEXT_OF.get(type(value), str)(value)


def _boolean(value: bool) -> str:
    return "TRUE" if value else "FALSE"


def _timestamp(value: datetime) -> str:
    return str(value.date()) if value.time() == time() else value.isoformat()


def _number(value: float) -> str:
    if value.is_integer():
        return f"{value:.0f}"
    short = repr(value)
    return f"{value:.15f}".rstrip("0") if "e" in short else short


def _duration(value: timedelta) -> str:
    minutes, seconds = divmod(round(value.total_seconds()), 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"


_TEXT_OF: Mapping[type, Callable[[Any], str]] = {
    bool: _boolean,
    float: _number,
    datetime: _timestamp,
    date: date.isoformat,
    time: time.isoformat,
    timedelta: _duration,
}
"""The format of each type that the reader returns for a cell, where it is not `str`."""
