"""Every sheet of tests/data/cases/sheets at the intake: what is read, or why it is refused."""

from decimal import Decimal

import pytest

from imagebatch.api.errors import problem_of
from imagebatch.domain.batch_manifest import BatchManifest
from imagebatch.domain.errors import InvalidRequestError
from imagebatch.domain.notice import NoticeLevel
from imagebatch.intake.cars import plan_cars
from imagebatch.intake.row_values import with_choices
from imagebatch.intake.sheet import ReadOptions, Sheet, read_sheet
from imagebatch.intake.templates import Template
from testing.app_harness import MODEL
from testing.sheet_cases import CASES, FOLDER, SheetCase, matches

TEMPLATE = Template("{{year}} {{make}} {{model}} painted in {{color}}")


def read(case: SheetCase) -> Sheet:
    options = ReadOptions(
        encoding=case.options.get("encoding"),
        ignore_unknown=case.options.get("unknownColumns") == "ignore",
    )
    return read_sheet(case.body, max_rows=50, options=options)


def plan(sheet: Sheet) -> BatchManifest:
    return plan_cars(
        sheet,
        model=MODEL,
        templates={"white": TEMPLATE, "hub": TEMPLATE},
        price=Decimal("0.05"),
    )


@pytest.mark.parametrize("case", [c for c in CASES if c.rows], ids=lambda case: case.id)
def test_a_sheet_as_people_have_it_is_read(case: SheetCase) -> None:
    sheet = read(case)
    planned = plan(sheet)
    assert len(planned.items) == case.rows
    first = with_choices(sheet, ("1:1", "16:9", "9:16", "4:3", "3:4"), {}).rows[0].values
    assert first | case.values == first
    for text, item in zip(case.prompts, planned.items, strict=False):
        assert text in item.prompt
        assert "NaN" not in item.prompt
    assert {notice.code for notice in planned.notices} >= set(case.codes)
    warned = any(notice.level is NoticeLevel.WARNING for notice in planned.notices)
    assert warned == case.warning


@pytest.mark.parametrize("case", [c for c in CASES if c.error], ids=lambda case: case.id)
def test_a_sheet_that_needs_an_answer_is_refused(case: SheetCase) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        plan(read(case))
    assert matches(case, problem_of(caught.value)), problem_of(caught.value)


def test_every_case_is_in_the_table() -> None:
    assert {f"{case.name}.csv" for case in CASES} == {path.name for path in FOLDER.iterdir()}
