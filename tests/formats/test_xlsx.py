"""Workbooks that would harm whoever reads them: refused or read as values, in bounded memory."""

import tracemalloc
import zipfile
from io import BytesIO

import openpyxl
import pytest

from imagebatch.formats.xlsx import (
    MAX_UNPACKED_BYTES,
    MIN_BYTES_OF_A_BOMB,
    WorkbookError,
    read_xlsx,
)

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PATHS = {
    "book": "xl/workbook.xml",
    "sheet": "xl/worksheets/sheet1.xml",
    "macro": "xl/vbaProject.bin",
    "link": "xl/externalLinks/externalLink1.xml",
    "bomb": "xl/media/image1.png",
}
MEGABYTE = 1 << 20
HEADER = '<row r="1"><c r="A1" t="inlineStr"><is><t>make</t></is></c></row>'


def workbook() -> bytes:
    made = openpyxl.Workbook()
    made.active.append(["make", "year"])
    made.active.append(["Audi", 2024])
    file = BytesIO()
    made.save(file)
    return file.getvalue()


def with_parts(**parts: bytes) -> bytes:
    """The workbook with parts replaced or added; `sheet` is the sheet's rows."""
    replaced = {PATHS[name]: body for name, body in parts.items()}
    file = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(workbook())) as old,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            if name not in replaced:
                new.writestr(name, old.read(name))
        for name, body in replaced.items():
            new.writestr(name, body)
    return file.getvalue()


def sheet_xml(rows: str) -> bytes:
    return f'<worksheet xmlns="{MAIN}"><sheetData>{HEADER}{rows}</sheetData></worksheet>'.encode()


def cell_at(place: str, content: str) -> bytes:
    row = place.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return sheet_xml(f'<row r="{row}"><c r="{place}">{content}</c></row>')


BOMB = bytes(MAX_UNPACKED_BYTES + 1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"bomb": BOMB}, "larger than 64 MB"),
        ({"bomb": bytes(MIN_BYTES_OF_A_BOMB)}, "more than 250 times its size"),
        ({"sheet": cell_at("XFD1048576", "<v>1</v>")}, "1,048,576 rows and 16,384 columns"),
        ({"book": b'<!DOCTYPE x [<!ENTITY a "b">]><workbook/>'}, "document type declaration"),
    ],
    ids=["bomb", "ratio", "billion cells", "entities"],
)
def test_a_workbook_without_bounds_is_refused(parts: dict[str, bytes], reason: str) -> None:
    body = with_parts(**parts)
    tracemalloc.start()
    try:
        with pytest.raises(WorkbookError, match=reason):
            read_xlsx(body)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 * MEGABYTE


@pytest.mark.parametrize("part", ["macro", "link"])
def test_macros_and_links_are_not_looked_at(part: str) -> None:
    found = read_xlsx(with_parts(**{part: b"\x00harmful"}))
    assert found.rows == [(1, ["make", "year"]), (2, ["Audi", "2024"])]


def test_a_formula_is_the_value_it_had() -> None:
    content = "<f>[1]Prices!A1*2</f><v>14</v>"
    found = read_xlsx(with_parts(sheet=cell_at("A2", content)))
    assert (found.rows[1], found.faults) == ((2, ["14"]), {})


def test_a_formula_without_a_value_is_a_fault() -> None:
    found = read_xlsx(with_parts(sheet=cell_at("A2", "<f>1+1</f>")))
    assert "formula without a stored value" in found.faults[2, 0].message
