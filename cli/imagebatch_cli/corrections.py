"""Applies the service's suggestions to a sheet, as the service reads it."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from imagebatch_cli.errors import InvalidInputError, ProblemError
from imagebatch_cli.sheet import Document, Options, Sheet

BOM = "\ufeff"
"""Without it, Excel reads UTF-8 as the machine's own code page."""
MAX_ROUNDS = 20
"""An error lists at most 1,000 problems, and a header problem hides those of the rows."""
ANY_SHEET = "an image"
"""A template text that fits every sheet, so that its cells can be read."""
READABLE = {"Invalid rows", "Unknown columns", "Missing columns"}

Preview = Callable[[Sheet, Options], Document]
"""A dry run with every row."""


@dataclass(frozen=True)
class Correction:
    """`row` is the row of the original sheet; None is the header."""

    row: int | None
    column: str
    before: str
    after: str


@dataclass
class Table:
    header: list[str]
    rows: list[list[str]]
    numbers: list[int]
    """Each row's number in the original sheet."""

    def sheet(self) -> Sheet:
        text = io.StringIO(newline="")
        text.write(BOM)
        csv.writer(text).writerows([self.header, *self.rows])
        return Sheet("fixed.csv", text.getvalue().encode())


@dataclass(frozen=True)
class Fixed:
    """`plan` is the service's dry run of the corrected sheet; `problem` is why it is still
    invalid.
    """

    sheet: Sheet
    corrections: list[Correction]
    plan: Document | None
    problem: ProblemError | None

    def documents(self) -> list[dict[str, Any]]:
        return [asdict(correction) for correction in self.corrections]


def fix(preview: Preview, sheet: Sheet, options: Options) -> Fixed:
    """Apply suggestions until none is left. ProblemError for a sheet that cannot be read."""
    plan, problem = _examine(preview, sheet, options)
    if problem and problem.message not in READABLE:
        raise problem
    table = _read(preview, sheet, options)
    # The output is CSV in UTF-8, whatever the input was.
    options = replace(options, sheet=None, encoding=None)
    made: list[Correction] = []
    numbers: Sequence[int] = table.numbers
    for _ in range(MAX_ROUNDS):
        corrections = list(_apply(table, problem, numbers)) if problem else []
        if not corrections:
            break
        made += corrections
        plan, problem = _examine(preview, table.sheet(), options)
        numbers = range(2, len(table.rows) + 2)  # the corrected sheet has no blank lines
    return Fixed(table.sheet(), made, plan, problem)


def _examine(
    preview: Preview, sheet: Sheet, options: Options
) -> tuple[Document | None, ProblemError | None]:
    try:
        return preview(sheet, options), None
    except ProblemError as problem:
        if not problem.details:
            raise
        return None, problem


def _read(preview: Preview, sheet: Sheet, options: Options) -> Table:
    lenient = Options(
        prompt=ANY_SHEET,
        model=options.model,
        sheet=options.sheet,
        encoding=options.encoding,
        dry_run=True,
        skip_invalid=True,
        ignore_unknown=True,
    )
    plan = preview(sheet, lenient)
    header = list(plan["columns"])
    rows = [_padded(item["cells"], len(header)) for item in plan["items"]]
    if len(rows) != plan["total"]:
        raise InvalidInputError("The service did not return every row; try again.")
    return Table(header, rows, [item["row"] for item in plan["items"]])


def _padded(cells: list[str], width: int) -> list[str]:
    return cells + [""] * (width - len(cells))


def _apply(table: Table, problem: ProblemError, numbers: Sequence[int]) -> Iterator[Correction]:
    """Change the table and yield the changes. `numbers` are the row numbers of the error."""
    index_of = {number: index for index, number in enumerate(numbers)}
    for detail in problem.details:
        suggestion = detail.get("suggestion") if isinstance(detail, dict) else None
        if not suggestion:
            continue
        if problem.message == "Invalid rows" and detail["row"] in index_of:
            yield from _fix_cell(table, index_of[detail["row"]], detail)
        else:
            yield from _fix_header(table, problem.message, detail)


def _fix_header(table: Table, message: str, detail: Document) -> Iterator[Correction]:
    """A missing column has the suggested name so far."""
    if message == "Unknown columns":
        yield from _rename(table, detail["column"], detail["suggestion"])
    elif message == "Missing columns":
        yield from _rename(table, detail["suggestion"], detail["column"])


def _rename(table: Table, before: str, after: str) -> Iterator[Correction]:
    places = _places_named(table, before)
    if len(places) == 1 and after not in table.header:
        table.header[places[0]] = after
        yield Correction(None, before, before, after)


def _fix_cell(table: Table, index: int, detail: Document) -> Iterator[Correction]:
    place, after = _place(table, index, detail), detail["suggestion"]
    if place is None or table.rows[index][place] == after:
        return
    before = table.rows[index][place]
    table.rows[index][place] = after
    yield Correction(table.numbers[index], table.header[place], before, after)


def _place(table: Table, index: int, detail: Document) -> int | None:
    """Find the column by its name or, if its header is a synonym, by its value."""
    same = _places_starting(table.rows[index], str(detail.get("value", "")))
    named = _places_named(table, detail["column"])
    both = [place for place in named if place in same]
    found = both or (same if not named else [])
    return found[0] if len(found) == 1 else None


def _places_named(table: Table, column: str) -> list[int]:
    return [place for place, name in enumerate(table.header) if folded(name) == folded(column)]


def _places_starting(cells: Sequence[str], value: str) -> list[int]:
    """Nothing is found for an empty value, with which every cell starts."""
    return [place for place, cell in enumerate(cells) if value and cell.strip().startswith(value)]


def folded(name: str) -> str:
    return name.strip().casefold().replace(" ", "_").replace("-", "_")
