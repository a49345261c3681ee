"""The car intake's rules: rows of a sheet to items with a prompt, a file name and a price."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal

from imagebatch.domain.batch import ZERO, Kind
from imagebatch.domain.batch_manifest import BatchManifest, ItemSpec
from imagebatch.domain.errors import Failure, FailureCode, InvalidRequestError
from imagebatch.domain.model_registry import ImageModel, Quality
from imagebatch.intake.file_names import car_stem, unique_stems
from imagebatch.intake.row_checks import CHOICES, RowProblem, check_rows, default_custom_id
from imagebatch.intake.sheet import Sheet, SheetRow
from imagebatch.intake.templates import Template

DEFAULTS = {"background": "white", "aspect_ratio": "1:1"}
DETAILS_SHOWN = 5_000
"""More would not fit into an answer."""


@dataclass(frozen=True, slots=True)
class _Shared:
    """What all items of a batch have in common."""

    model: ImageModel
    templates: Mapping[str, Template]
    price: Decimal
    quality: Quality


def plan_cars(
    sheet: Sheet,
    *,
    model: ImageModel,
    templates: Mapping[str, Template],
    price: Decimal,
    quality: Quality = Quality.STANDARD,
    skip_invalid: bool = False,
) -> BatchManifest:
    """Plans an image for each row; `templates` is by background.

    A row with invalid values is planned as failed where they are skipped; otherwise
    InvalidRequestError lists every problem of every row.
    """
    if not skip_invalid:
        refuse_invalid_rows(sheet)
    problems = check_rows(sheet) if skip_invalid else []
    by_row: dict[int, list[RowProblem]] = defaultdict(list)
    for problem in problems:
        by_row[problem.row].append(problem)
    shared = _Shared(model, templates, price, quality)
    chosen = [normalised(row.values) for row in sheet.rows]
    stems = unique_stems(car_stem(values, index) for index, values in enumerate(chosen))
    drafts = zip(sheet.rows, chosen, _custom_ids(sheet.rows, by_row), stems, strict=True)
    items = tuple(
        _rejected(index, row, custom_id, stem, by_row[row.row])
        if row.row in by_row
        else _planned(index, row, values, custom_id, stem, shared)
        for index, (row, values, custom_id, stem) in enumerate(drafts)
    )
    warnings = list(sheet.warnings)
    if by_row:
        warnings.append(f"{_share(len(by_row), len(sheet.rows))}; recorded as failed.")
    return BatchManifest(Kind.CARS, sheet.header, items, tuple(warnings), sheet.delimiter)


def refuse_invalid_rows(sheet: Sheet) -> None:
    """InvalidRequestError that lists every problem of every row."""
    problems = check_rows(sheet)
    if problems:
        raise _invalid_rows(problems, len(sheet.rows))


def normalised(values: Mapping[str, str]) -> dict[str, str]:
    """A row's values with the choices spelled as we spell them."""
    return {k: v.casefold() if k in CHOICES else v for k, v in values.items()}


def _custom_ids(
    rows: Sequence[SheetRow], problems: Mapping[int, Sequence[RowProblem]]
) -> list[str]:
    """The clients' own ids, and one that nobody else has where there is none or it is refused."""

    def own(row: SheetRow) -> str | None:
        refused = any(problem.column == "custom_id" for problem in problems.get(row.row, ()))
        return None if refused else row.values.get("custom_id")

    taken = {own(row) for row in rows}
    ids = []
    for row in rows:
        custom_id = own(row) or default_custom_id(row.row)
        while custom_id in taken and not own(row):
            custom_id += "-refused"
        ids.append(custom_id)
    return ids


def _planned(
    index: int,
    row: SheetRow,
    values: Mapping[str, str],
    custom_id: str,
    stem: str,
    shared: _Shared,
) -> ItemSpec:
    full = {**DEFAULTS, **values}
    prompt = shared.templates[full["background"]].render(full)
    return ItemSpec(
        index=index,
        custom_id=custom_id,
        row=row.row,
        prompt=prompt,
        stem=stem,
        price=shared.price,
        input=shared.model.input_for(
            prompt=prompt, aspect_ratio=full["aspect_ratio"], quality=shared.quality
        ),
        aspect_ratio=full["aspect_ratio"],
        quality=shared.quality,
        cells=row.cells,
    )


def _rejected(
    index: int, row: SheetRow, custom_id: str, stem: str, problems: Sequence[RowProblem]
) -> ItemSpec:
    return ItemSpec(
        index=index,
        custom_id=custom_id,
        row=row.row,
        prompt="",
        stem=stem,
        price=ZERO,
        cells=row.cells,
        failure=Failure.of(FailureCode.INVALID_INPUT, "; ".join(map(_sentence, problems))),
    )


def _sentence(problem: RowProblem) -> str:
    value = problem.value if len(problem.value) <= 40 else problem.value[:39] + "…"
    hint = f" (did you mean {problem.suggestion}?)" if problem.suggestion else ""
    return f"{problem.column} '{value}' {problem.message}{hint}"


def _share(some: int, total: int) -> str:
    are = "has a value that is" if some == 1 else "have values that are"
    return f"{some} of {total} rows {are} not valid"


def _invalid_rows(problems: Sequence[RowProblem], total: int) -> InvalidRequestError:
    rows = len({problem.row for problem in problems})
    detail = f"{_share(rows, total)}."
    if len(problems) > DETAILS_SHOWN:
        detail += f" The first {DETAILS_SHOWN} of {len(problems)} problems are listed."
    return InvalidRequestError(
        "invalid-rows",
        "Invalid rows",
        title="Some rows are not valid",
        detail=detail,
        details=[asdict(problem) for problem in problems[:DETAILS_SHOWN]],
    )
