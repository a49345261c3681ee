"""A sheet's bytes to rows of known columns, or the refusal that says what is wrong with it."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches

from imagebatch.domain.errors import InvalidRequestError
from imagebatch.formats.csv_parse import DELIMITERS, ParsedCsv, parse_csv
from imagebatch.formats.csv_records import ParseError
from imagebatch.intake.decoding import UndecodableError, decode_sheet

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
MAX_BYTES = 5_000_000
_NAMES_SHOWN = 10
_NAME_LENGTH = 40


@dataclass(frozen=True, slots=True)
class SheetRow:
    """`row` is the number a spreadsheet shows; `cells` are as in the file.

    `values` are the known columns that have one, trimmed, by lower-case name.
    """

    row: int
    cells: tuple[str, ...]
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    header: tuple[str, ...]
    rows: tuple[SheetRow, ...]
    warnings: tuple[str, ...]
    delimiter: str


def read_sheet(body: bytes, *, max_rows: int, known: Sequence[str] = COLUMNS) -> Sheet:
    """Reads an exported sheet. InvalidRequestError in the order of the product's refusals.

    `known` are the columns to read, in any capitals.
    """
    if not body:
        raise InvalidRequestError("csv-required", "CSV file is required")
    if len(body) > MAX_BYTES:
        raise _too_large(len(body))
    text, warnings = _decode(body)
    if not text.strip(" \r\n\ufeff" + "".join(DELIMITERS)):
        raise _no_rows()
    parsed = parse_csv(text, keep_rows=max_rows)
    columns = _columns(parsed.header, known)
    _refuse_malformed(parsed, columns, known)
    if parsed.row_count > max_rows:
        raise _too_many_rows(parsed.row_count, max_rows)
    if not parsed.rows:
        raise _no_rows()
    return Sheet(
        header=tuple(parsed.header),
        rows=tuple(_row(number, cells, columns) for number, cells in parsed.rows),
        warnings=(*warnings, *_column_warnings(parsed.header, known)),
        delimiter=parsed.delimiter,
    )


def trimmed(cell: str) -> str:
    return cell.strip().strip("\ufeff").strip()


def _columns(header: Sequence[str], known: Sequence[str]) -> dict[str, int]:
    """Where each known column is; of two with one name the first counts."""
    spelled = {name.lower(): name for name in known}
    places: dict[str, int] = {}
    for place, name in enumerate(_names(header)):
        if name in spelled:
            places.setdefault(spelled[name], place)
    return places


def _names(header: Iterable[str]) -> list[str]:
    return [trimmed(name).lower() for name in header]


def _row(number: int, cells: Sequence[str], columns: dict[str, int]) -> SheetRow:
    values = {name: value for name, place in columns.items() if (value := trimmed(cells[place]))}
    return SheetRow(number, tuple(cells), values)


def _column_warnings(header: Sequence[str], known: Sequence[str]) -> list[str]:
    names = _names(header)
    named = zip(header, names, strict=True)
    spelled = {name.lower() for name in known}
    unknown = [shown for shown, name in named if name and name not in spelled]
    repeated = [name for name in known if names.count(name.lower()) > 1]
    warnings = []
    if unknown:
        hinted = [_with_hint(name, known) for name in unknown[:_NAMES_SHOWN]]
        warnings.append(f"Unknown columns are ignored: {_listed(hinted, len(unknown))}.")
    if unnamed := names.count(""):
        warnings.append(f"Columns without a name are ignored: {unnamed}.")
    if repeated:
        warnings.append(f"Only the first of columns with one name counts: {', '.join(repeated)}.")
    return warnings


def _with_hint(name: str, known: Sequence[str]) -> str:
    words = trimmed(name)[: 2 * _NAME_LENGTH].split()
    label = " ".join(words)
    label = label if len(label) <= _NAME_LENGTH else label[: _NAME_LENGTH - 1] + "…"
    close = get_close_matches("_".join(words).lower(), known, n=1, cutoff=0.8)
    return f"{label} (did you mean {close[0]}?)" if close else label


def _listed(names: Sequence[str], total: int) -> str:
    more = total - len(names)
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")


def _decode(body: bytes) -> tuple[str, list[str]]:
    try:
        return decode_sheet(body)
    except UndecodableError as error:
        before = parse_csv(error.before + "x", keep_rows=0)
        fault = ParseError("Encoding", error.code, error.message, before.last_row)
        raise _malformed([fault]) from None


def _refuse_malformed(parsed: ParsedCsv, columns: dict[str, int], known: Sequence[str]) -> None:
    if parsed.errors:
        raise _malformed(parsed.errors)
    if parsed.header and not columns:
        message = f"None of the known columns is in the header: {', '.join(known)}"
        raise _malformed([ParseError("FieldMismatch", "TooFewFields", message, parsed.header_row)])


def _malformed(errors: Sequence[ParseError]) -> InvalidRequestError:
    first = errors[0]
    return InvalidRequestError(
        "malformed-csv",
        "Malformed CSV",
        title="The sheet cannot be read",
        detail=f"Row {first.row}: {first.message}.",
        details=[asdict(fault) for fault in errors],
    )


def _too_large(size: int) -> InvalidRequestError:
    return InvalidRequestError(
        "too-large",
        f"CSV file is too large (max {MAX_BYTES // 1_000_000} MB)",
        title="The sheet is too large",
        detail=f"The sheet has {size} bytes; at most {MAX_BYTES} are read.",
        status=413,
    )


def _too_many_rows(count: int, limit: int) -> InvalidRequestError:
    return InvalidRequestError(
        "row-limit",
        f"Row limit exceeded (max {limit})",
        title="The sheet has too many rows",
        detail=f"The sheet has {count} rows; a batch takes at most {limit}.",
    )


def _no_rows() -> InvalidRequestError:
    return InvalidRequestError(
        "no-rows",
        "No data rows found",
        title="The sheet has no rows",
        detail="There is no row with a value below the header.",
    )
