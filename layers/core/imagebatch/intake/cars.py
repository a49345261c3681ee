"""Car sheets: the built-in templates car-white and car-hub."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from imagebatch.domain.batch_manifest import BatchManifest
from imagebatch.domain.notice import Notice, warning
from imagebatch.domain.statuses import Kind
from imagebatch.intake.file_names import car_stem
from imagebatch.intake.row_checks import CAR_RULES
from imagebatch.intake.sheet import Sheet, SheetRow
from imagebatch.intake.sheet_batch import Recipe, plan_rows
from imagebatch.intake.templates import Template

DEFAULTS = {"background": "white", "aspect_ratio": "1:1"}
_ROWS_NAMED = 10


def car_recipe(templates: Mapping[str, Template]) -> Recipe:
    """`templates` is by background."""
    return Recipe(
        kind=Kind.CARS,
        rules=CAR_RULES,
        defaults=DEFAULTS,
        # A rejected background has no template.
        template=lambda values: templates.get(values["background"], templates["white"]),
        stem=car_stem,
        look_at=_nameless,
    )


def plan_cars(sheet: Sheet, *, templates: Mapping[str, Template], **how: Any) -> BatchManifest:
    """Plan one image per car; see `plan_rows`."""
    return plan_rows(sheet, car_recipe(templates), **how)


def _nameless(rows: Sequence[SheetRow]) -> Iterator[Notice]:
    """Find rows that may be totals or notes instead of cars."""
    found = [row.row for row in rows if "make" not in row.values and "model" not in row.values]
    if found:
        many = "1 row has" if len(found) == 1 else f"{len(found):,} rows have"
        message = f"{many} neither make nor model: row {_listed(found)}."
        yield warning("nameless-rows", message, found[0])


def _listed(numbers: Sequence[int]) -> str:
    more = len(numbers) - _ROWS_NAMED
    shown = ", ".join(map(str, numbers[:_ROWS_NAMED]))
    return f"{shown} and {more:,} more" if more > 0 else shown
