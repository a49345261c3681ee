"""Plans the items of any sheet; a recipe defines what a kind of sheet needs."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import chain

from imagebatch.domain.batch_manifest import BatchManifest, RowProblem
from imagebatch.domain.errors import MAX_DETAILS, Failure, FailureCode, InvalidRequestError
from imagebatch.domain.item import ItemSpec
from imagebatch.domain.model_registry import ImageModel, Quality
from imagebatch.domain.money import ZERO
from imagebatch.domain.notice import Notice, warning
from imagebatch.domain.statuses import Kind
from imagebatch.intake.file_names import unique_stems
from imagebatch.intake.prompts import MAX_PROMPT_LENGTH
from imagebatch.intake.row_checks import RowRules, check_rows, default_custom_id
from imagebatch.intake.row_values import with_choices
from imagebatch.intake.sheet import REFERENCES, Sheet, SheetRow
from imagebatch.intake.sheet_refusals import invalid_rows
from imagebatch.intake.templates import Template
from imagebatch.structs import Struct, asdict, field

type Values = Mapping[str, str]


def _nothing(_: Sequence[SheetRow]) -> Iterator[Notice]:
    return iter(())


class Recipe(Struct, frozen=True, kw_only=True):
    """How an item is built from a row: `template` and `stem` use its values, completed by
    `defaults`.

    `look_at` returns warnings about the rows.
    """

    kind: Kind
    rules: RowRules
    defaults: Values
    template: Callable[[Values], Template]
    stem: Callable[[Values, int], str]
    look_at: Callable[[Sequence[SheetRow]], Iterator[Notice]] = _nothing


class ResolvedReferences(Struct, frozen=True):
    """The stored reference for each one in the sheet, and why others were rejected."""

    kept: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)


class _Draft(Struct, frozen=True, kw_only=True):
    index: int
    row: SheetRow
    values: Values
    prompt: str
    custom_id: str
    stem: str


def plan_rows(
    sheet: Sheet,
    recipe: Recipe,
    *,
    model: ImageModel,
    price: Decimal,
    quality: Quality = Quality.STANDARD,
    references: ResolvedReferences | None = None,
    skip_invalid: bool = False,
) -> BatchManifest:
    """Plan one image per row.

    A row with invalid values is planned as failed if such rows are skipped; otherwise
    InvalidRequestError lists every problem of every row.
    """
    references = references or ResolvedReferences()
    if not skip_invalid:
        refuse_invalid_rows(sheet, recipe, references)
    sheet = _spelled(sheet, recipe)
    values = _completed_values(sheet, recipe)
    prompts = _prompts(values, recipe)
    by_row = _problems(sheet, recipe, prompts, references)
    stems = unique_stems(recipe.stem(row.values, i) for i, row in enumerate(sheet.rows))
    ids = _custom_ids(sheet.rows, by_row)
    drafts = (
        _Draft(index=i, row=row, values=values[i], prompt=prompts[i], custom_id=ids[i], stem=stem)
        for i, (row, stem) in enumerate(zip(sheet.rows, stems, strict=True))
    )
    items = tuple(
        _rejected(draft, by_row[draft.row.row])
        if draft.row.row in by_row
        else _planned(draft, model, price, quality, references)
        for draft in drafts
    )
    skipped = _skipped(by_row, len(sheet.rows))
    notices = (*sheet.notices, *recipe.look_at(sheet.rows), *skipped)
    return BatchManifest(
        recipe.kind,
        sheet.header,
        items,
        notices,
        sheet.delimiter,
        read_as=tuple(sheet.columns.get(place) for place in range(len(sheet.header))),
        problems={row: tuple(found) for row, found in by_row.items()},
    )


def refuse_invalid_rows(sheet: Sheet, recipe: Recipe, references: ResolvedReferences) -> None:
    """InvalidRequestError listing every problem of every row."""
    sheet = _spelled(sheet, recipe)
    prompts = _prompts(_completed_values(sheet, recipe), recipe)
    by_row = _problems(sheet, recipe, prompts, references)
    if problems := list(chain.from_iterable(by_row.values())):
        raise _invalid_rows(problems, len(sheet.rows))


def _completed_values(sheet: Sheet, recipe: Recipe) -> list[Values]:
    return [{**recipe.defaults, **row.values} for row in sheet.rows]


def _prompts(values: Sequence[Values], recipe: Recipe) -> list[str]:
    return [recipe.template(each).render(each) for each in values]


def _spelled(sheet: Sheet, recipe: Recipe) -> Sheet:
    choices = recipe.rules.choices
    others = {name: each for name, each in choices.items() if name != "aspect_ratio"}
    return with_choices(sheet, choices["aspect_ratio"], others)


def _problems(
    sheet: Sheet, recipe: Recipe, prompts: Sequence[str], references: ResolvedReferences
) -> dict[int, list[RowProblem]]:
    """By row, in row order."""
    by_row: dict[int, list[RowProblem]] = defaultdict(list)
    for problem in check_rows(sheet, recipe.rules):
        by_row[problem.row].append(problem)
    for row, prompt in zip(sheet.rows, prompts, strict=True):
        found = [*_reference_problems(row, references)]
        if row.row not in by_row and (reason := _prompt_fault(prompt)):
            found.append(RowProblem(row.row, "prompt", prompt[:200], reason))
        if found:
            by_row[row.row] += found
    return dict(sorted(by_row.items()))


def _prompt_fault(prompt: str) -> str | None:
    if not prompt:
        return "is empty: none of the template's columns has a value"
    if len(prompt) > MAX_PROMPT_LENGTH:
        return f"must have at most {MAX_PROMPT_LENGTH:,} characters, has {len(prompt):,}"
    return None


def _reference_problems(row: SheetRow, references: ResolvedReferences) -> Iterator[RowProblem]:
    for column in REFERENCES:
        value = row.values.get(column)
        if value and (reason := references.refused.get(value)):
            yield RowProblem(row.row, column, value[:200], reason)


def _skipped(by_row: Mapping[int, object], total: int) -> Iterator[Notice]:
    if by_row:
        message = f"{_share(len(by_row), total)}; recorded as failed."
        yield warning("skipped-rows", message, min(by_row))


def _custom_ids(
    rows: Sequence[SheetRow], problems: Mapping[int, Sequence[RowProblem]]
) -> list[str]:
    """Return the clients' own IDs, and unused ones for rows without a valid ID."""

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
    draft: _Draft,
    model: ImageModel,
    price: Decimal,
    quality: Quality,
    references: ResolvedReferences,
) -> ItemSpec:
    ratio = draft.values["aspect_ratio"]
    named = [value for column in REFERENCES if (value := draft.values.get(column))]
    seed = _seed(draft.values)
    sent = model.input_for(
        prompt=draft.prompt,
        aspect_ratio=ratio,
        images=tuple(named),
        quality=quality,
        seed=seed,
    )
    return ItemSpec(
        index=draft.index,
        custom_id=draft.custom_id,
        row=draft.row.row,
        prompt=draft.prompt,
        stem=draft.stem,
        price=price,
        input=sent,
        aspect_ratio=ratio,
        cells=draft.row.cells,
        images=tuple(references.kept[name] for name in named),
        quality=quality,
        settings={} if seed is None else {"seed": seed},
    )


def _seed(values: Values) -> int | None:
    return int(values["seed"]) if "seed" in values else None


def _rejected(draft: _Draft, problems: Sequence[RowProblem]) -> ItemSpec:
    return ItemSpec(
        index=draft.index,
        custom_id=draft.custom_id,
        row=draft.row.row,
        prompt="",
        stem=draft.stem,
        price=ZERO,
        cells=draft.row.cells,
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
    if len(problems) > MAX_DETAILS:
        detail += f" The first {MAX_DETAILS:,} of {len(problems):,} problems are listed."
    return invalid_rows([asdict(problem) for problem in problems], detail)
