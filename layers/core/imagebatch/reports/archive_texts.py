"""The text files of an archive: the result of every row, for people, programs and spreadsheets.

Everything is derived from the records, so rebuilding a round gives the same bytes.
"""

import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from imagebatch.domain.batch import Batch
from imagebatch.domain.batch_manifest import BatchManifest
from imagebatch.domain.item import Item
from imagebatch.domain.notice import Notice
from imagebatch.formats.visible_text import BLANK, folded_name
from imagebatch.formats.zip_layout import TextMember
from imagebatch.reports.contact_sheet import contact_sheet
from imagebatch.reports.notes import EXACT_CELLS, missing_file, notes_txt
from imagebatch.reports.provenance import provenance_json
from imagebatch.reports.results import Result, results_of
from imagebatch.structs import replace

BOM = "\ufeff"
"""Without it, Excel reads UTF-8 as the machine's own code page."""
RESULT_COLUMNS = (
    "status", "file", "code", "reason", "attempts", "cost", "seconds", "model", "ai_mark"
)  # fmt: skip
COLUMNS_WITHOUT_SHEET = ("custom_id", "prompt")
FORMULA_STARTS = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
"""The last four are the full-width forms, which spreadsheets accept, too."""
CONTROL_STARTS = ("\t", "\r", "\n")
NOT_SEEN = BLANK + '"' + "".join(map(chr, range(0x20)))
"""Characters that a reader may strip from the start of a cell."""
DELIMITERS = frozenset(",;\t|\x1e\x1f")
"""Every character that a reader may guess as the delimiter."""
CELL_BREAKS = re.compile("([,;\t|\x1e\x1f\r\n])")
"""Where a reader with another delimiter, or without quotes, splits one cell in two."""


def archive_texts(
    batch: Batch,
    plan: BatchManifest,
    items: Sequence[Item],
    notices: Sequence[Notice] = (),
    on_failure: Callable[[str, Exception], None] = lambda _name, _error: None,
) -> list[TextMember]:
    """Return the archive's text files; those about failures only if something failed, and notes.txt
    only if there is something to note: the batch's own notices and these.

    `items` are all of the batch's, in order. A file that cannot be created is reported to
    `on_failure` and noted: none may block the images.
    """
    results = results_of(batch, plan, items)
    noted = replace(batch, notices=(*batch.notices, *notices, *_exact_cells(plan, results)))
    texts, missing = [], []
    for name, make in _files(noted, plan, results):
        try:
            texts.append(TextMember(name, make()))
        except Exception as error:  # noqa: BLE001 - the images outlive any report
            on_failure(name, error)
            missing.append(missing_file(name))
    noted = replace(noted, notices=(*noted.notices, *missing))
    notes = [TextMember("notes.txt", _encoded(notes_txt(noted)))] if noted.notices else []
    return [*notes, *texts]


def _files(
    batch: Batch, plan: BatchManifest, results: Sequence[Result]
) -> Iterator[tuple[str, Callable[[], bytes]]]:
    failed = [result for result in results if result.failure]
    if failed:
        yield "failed_rows.json", lambda: failed_rows_json(failed)
    if failed and plan.header:
        yield "failed_rows.csv", lambda: failed_rows_csv(plan, failed)
    if any(result.item.all_versions for result in results):
        yield "provenance.json", lambda: provenance_json(batch, results)
    yield "results.csv", lambda: results_csv(plan, results)
    yield "index.html", lambda: contact_sheet(batch, results)


def _exact_cells(plan: BatchManifest, results: Iterable[Result]) -> Sequence[Notice]:
    """Returned if failed_rows.csv has a cell that results.csv neutralizes."""
    cells = (cell for result in results if result.failure for cell in result.cells)
    return (EXACT_CELLS,) if plan.header and any(_neutral(cell) != cell for cell in cells) else ()


def failed_rows_json(failed: Iterable[Result]) -> bytes:
    rows = [
        {
            "row": result.item.row,
            "reason": result.failure.reason,
            "custom_id": result.item.custom_id,
            "code": result.failure.code.value,
            "retryable": result.failure.code.retryable,
        }
        for result in failed
        if result.failure
    ]
    return _encoded(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")


def failed_rows_csv(plan: BatchManifest, failed: Iterable[Result]) -> bytes:
    """The failed rows in the sheet's own columns, every cell unchanged, to be submitted again.

    Nothing is neutralized here: an apostrophe before a cell would end up in the next prompt.
    """
    return _csv(plan.delimiter, [plan.header, *(result.cells for result in failed)])


def results_csv(plan: BatchManifest, results: Iterable[Result]) -> bytes:
    """Every row as submitted, with its result; no cell starts a formula."""
    submitted = plan.header or COLUMNS_WITHOUT_SHEET
    header = (*submitted, *our_columns(submitted, RESULT_COLUMNS))
    rows = (_result_row(result, with_cells=bool(plan.header)) for result in results)
    return _csv(plan.delimiter, ([_neutral(cell) for cell in row] for row in [header, *rows]))


def our_columns(submitted: Sequence[str], ours: Sequence[str]) -> list[str]:
    """Our columns after the sheet's: a name that the sheet uses is prefixed, repeatedly if
    necessary.
    """
    taken = {folded_name(name) for name in submitted}
    names = []
    for column in ours:
        name = column
        while name in taken:
            name = f"image_{name}"
        names.append(name)
        taken.add(name)
    return names


def _result_row(result: Result, *, with_cells: bool) -> tuple[str, ...]:
    item, failure = result.item, result.failure
    return (
        *(result.cells if with_cells else (item.custom_id, item.prompt)),
        result.status.value,
        result.file,
        failure.code.value if failure else "",
        failure.reason if failure else "",
        str(item.state.attempts),
        f"{item.cost:f}",
        "" if item.state.seconds is None else f"{item.state.seconds:g}",
        _model(result),
        _mark(result),
    )


def _model(result: Result) -> str:
    """The model that generated the image; empty without one."""
    chosen = result.item.chosen_version if result.file else None
    return chosen.model if chosen else ""


def _mark(result: Result) -> str:
    """c2pa, xmp or none; empty without an image, and for images older than marks."""
    image = result.item.image if result.file else None
    return image.provenance.mark.value if image and image.provenance else ""


def _neutral(cell: str) -> str:
    """Return the cell in a form that a spreadsheet displays but does not compute.

    No part that a reader could take for a cell starts a formula, even after spaces, quotes or
    invisible characters.
    """
    if not any(start in cell for start in (*FORMULA_STARTS, *CONTROL_STARTS)):
        return cell
    safe = "".join(map(_neutral_piece, CELL_BREAKS.split(cell)))
    return f"'{safe}" if safe.startswith(CONTROL_STARTS) else safe


def _neutral_piece(piece: str) -> str:
    return f"'{piece}" if piece.lstrip(NOT_SEEN).startswith(FORMULA_STARTS) else piece


def _csv(delimiter: str, rows: Iterable[Sequence[str]]) -> bytes:
    """CSV in UTF-8 with a BOM and CRLF, quoted so that every cell is unambiguous."""
    text = io.StringIO()
    text.write(BOM)
    for row in rows:
        text.write(delimiter.join(map(_quoted, row)) + "\r\n")
    return _encoded(text.getvalue())


def _quoted(cell: str) -> str:
    plain = DELIMITERS.isdisjoint(cell) and not any(mark in cell for mark in '"\r\n')
    return cell if plain and cell == cell.strip() else '"' + cell.replace('"', '""') + '"'


def _encoded(text: str) -> bytes:
    """Encode as UTF-8; lone surrogates, which JSON allows, become question marks."""
    return text.encode(errors="replace")
