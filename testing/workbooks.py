"""Excel workbooks for tests and benches."""

from collections.abc import Iterable, Sequence
from io import BytesIO

import openpyxl

type Rows = Iterable[Sequence[object]]


def workbook(*sheets: Rows) -> bytes:
    """A workbook with the sheets Sheet1, Sheet2 and so on."""
    made = openpyxl.Workbook(write_only=True)
    for number, rows in enumerate(sheets, start=1):
        sheet = made.create_sheet(f"Sheet{number}")
        for row in rows:
            sheet.append(list(row))
    file = BytesIO()
    made.save(file)
    return file.getvalue()
