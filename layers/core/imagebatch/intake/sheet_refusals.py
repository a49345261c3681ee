"""The errors for sheets that cannot be read."""

from collections.abc import Mapping, Sequence
from typing import Any

from imagebatch.domain.errors import InvalidRequestError, TooLargeError, UnprocessableError
from imagebatch.formats.csv_records import ParseError
from imagebatch.formats.file_kind import FileKind
from imagebatch.structs import asdict

MAX_BYTES = 5_000_000
_INSTEAD = {
    FileKind.OLD_EXCEL: "Open it in Excel and save it, without a password, as .xlsx or CSV UTF-8.",
    FileKind.BINARY_EXCEL: "Open it in Excel and save it as .xlsx or CSV UTF-8.",
    FileKind.ODS: "Open it in LibreOffice and save it as .xlsx or as CSV in UTF-8.",
    FileKind.NUMBERS: "Open it in Numbers and export it as Excel (.xlsx) or as CSV.",
    FileKind.ZIP: "Unpack it and send the sheet in it.",
    FileKind.GZIP: "Unpack it and send the sheet in it.",
    FileKind.HTML: "Open it in a spreadsheet and save it as .xlsx or CSV UTF-8.",
    FileKind.JSON: "Send a list of prompts to POST /api/v1/batch/generate, or save it as CSV.",
}


def sheet_required() -> InvalidRequestError:
    return InvalidRequestError("csv-required", "CSV file is required")


def too_large(size: int) -> InvalidRequestError:
    return TooLargeError(
        "too-large",
        f"CSV file is too large (max {MAX_BYTES // 1_000_000} MB)",
        title="The sheet is too large",
        detail=f"The sheet has {size} bytes; at most {MAX_BYTES} are read.",
    )


def malformed(faults: Sequence[ParseError]) -> InvalidRequestError:
    first = faults[0]
    return InvalidRequestError(
        "malformed-csv",
        "Malformed CSV",
        title="The sheet cannot be read",
        detail=f"Row {first.row}: {first.message}.",
        details=[asdict(fault) for fault in faults],
    )


def not_a_sheet(kind: FileKind) -> InvalidRequestError:
    return InvalidRequestError(
        "malformed-csv",
        "Malformed CSV",
        title="The file is not a sheet",
        detail=f"The file is {kind.value}. {instead_of(kind)}",
        details=[{"type": "Format", "code": kind.name, "message": f"The file is {kind.value}"}],
    )


def instead_of(kind: FileKind) -> str:
    return _INSTEAD.get(kind, "Send a CSV file or an Excel workbook (.xlsx).")


def unreadable_workbook(reason: str) -> InvalidRequestError:
    return InvalidRequestError(
        "malformed-csv",
        "Malformed CSV",
        title="The workbook cannot be read",
        detail=f"The workbook {reason}.",
        details=[{"type": "Format", "code": "Workbook", "message": f"The workbook {reason}"}],
    )


def no_such_sheet(names: Sequence[str]) -> InvalidRequestError:
    listed = ", ".join(names[:20])
    return UnprocessableError(
        "invalid-fields",
        "Invalid fields",
        title="Some fields are not valid",
        detail=f"sheet: the workbook has no such sheet. Its sheets: {listed}.",
        details=[{"field": "sheet", "message": f"must be one of {listed}"}],
    )


def too_many_rows(count: int, limit: int) -> InvalidRequestError:
    return InvalidRequestError(
        "row-limit",
        f"Row limit exceeded (max {limit})",
        title="The sheet has too many rows",
        detail=f"The sheet has {count} rows; a batch accepts at most {limit}.",
    )


def no_rows() -> InvalidRequestError:
    return InvalidRequestError(
        "no-rows",
        "No data rows found",
        title="The sheet has no rows",
        detail="There is no row with a value below the header.",
    )


def invalid_rows(problems: Sequence[Mapping[str, Any]], detail: str) -> InvalidRequestError:
    return InvalidRequestError(
        "invalid-rows",
        "Invalid rows",
        title="Some rows are not valid",
        detail=detail,
        details=problems,
    )
