from decimal import Decimal
from pathlib import Path

import pytest

import imagebatch
from imagebatch.api.errors import status_of
from imagebatch.domain.batch_manifest import BatchManifest
from imagebatch.domain.errors import FailureCode, InvalidRequestError
from imagebatch.domain.model_entries import parse_registry
from imagebatch.domain.statuses import ItemStatus, Kind
from imagebatch.intake.cars import plan_cars
from imagebatch.intake.sheet import read_sheet
from imagebatch.intake.templates import Template

DATA = Path(imagebatch.__file__).parent / "data"
MODEL = parse_registry((DATA / "models.toml").read_text("utf-8")).models["google/nano-banana-2.1"]
TEMPLATES = {
    name: Template((DATA / "prompts" / f"car.{name}.txt").read_text("utf-8"))
    for name in ("white", "hub")
}
SAMPLE = Path(__file__).parents[2] / "events" / "cars.csv"


def plan(text: str, *, skip_invalid: bool = False) -> BatchManifest:
    return plan_cars(
        read_sheet(text.encode(), max_rows=10_000),
        model=MODEL,
        templates=TEMPLATES,
        price=Decimal("0.05"),
        skip_invalid=skip_invalid,
    )


def test_row_becomes_item_with_prompt_name_and_price() -> None:
    [item] = plan("make,model,year,background,aspect_ratio\n\nToyota,Corolla,2024,Hub,16:9\n").items
    assert (item.index, item.row, item.custom_id) == (0, 3, "row-0003")
    assert item.stem == "Toyota-Corolla-2024-hub"
    assert item.price == Decimal("0.05")
    assert "2024 Toyota Corolla" in item.prompt
    assert "dealership" in item.prompt
    assert item.cells == ("Toyota", "Corolla", "2024", "Hub", "16:9")
    assert item.input == {
        "prompt": item.prompt,
        "aspect_ratio": "16:9",
        "output_format": "png",
        "resolution": "1K",
    }


def test_background_and_aspect_ratio_have_defaults() -> None:
    [item] = plan("color\nred\n").items
    assert "pure white background" in item.prompt
    assert item.aspect_ratio == "1:1"
    assert item.stem == "car-0"


def test_two_equal_rows_are_two_images() -> None:
    first, second = plan("make\nAudi\nAudi\n").items
    assert (first.stem, second.stem) == ("Audi-white", "Audi-white-2")
    assert first.prompt == second.prompt


def test_a_client_may_choose_the_ids() -> None:
    assert [i.custom_id for i in plan("custom_id,make\nA-1,Audi\n,BMW\n").items] == [
        "A-1",
        "row-0003",
    ]


def test_a_cell_cannot_add_a_placeholder() -> None:
    [item] = plan("make,model\n{{model}},A4\n").items
    assert "{{model}} A4" in item.prompt


def test_invalid_rows_refuse_the_sheet_with_every_problem() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        plan("make,background,aspect_ratio\nAudi,blue,2:1\nBMW,,\nOpel,,5:4\n")
    error = caught.value
    assert (status_of(error), error.error, error.kind) == (400, "Invalid rows", "invalid-rows")
    assert error.title == "Some rows are not valid"
    assert error.detail == "2 of 3 rows have values that are not valid."
    assert [(d["row"], d["column"], d["suggestion"]) for d in error.details] == [
        (2, "background", None),
        (2, "aspect_ratio", "16:9"),
        (4, "aspect_ratio", "4:3"),
    ]
    assert set(error.details[0]) == {"row", "column", "value", "message", "suggestion"}


def test_skipped_invalid_rows_are_free_failed_items() -> None:
    planned = plan("make,aspect_ratio\nAudi,2:1\nBMW,\n", skip_invalid=True)
    refused, accepted = planned.items
    assert refused.failure is not None
    assert refused.failure.code is FailureCode.INVALID_INPUT
    assert refused.failure.reason == (
        "aspect_ratio '2:1' must be one of 1:1, 16:9, 9:16, 4:3, 3:4 (did you mean 16:9?)"
    )
    assert (refused.price, refused.input, refused.prompt) == (0, {}, "")
    assert refused.cells == ("Audi", "2:1")
    assert accepted.failure is None
    assert planned.warnings == ("1 of 2 rows has a value that is not valid; recorded as failed.",)
    assert [i.to_item().status for i in planned.items] == [ItemStatus.FAILED, ItemStatus.PENDING]
    assert refused.to_item().rejected


def test_ids_stay_unique_despite_skipped_rows() -> None:
    sheet = f"make,custom_id\nAudi,row-0003\nBMW,{'x' * 65}\nOpel,a\nFord,a\nSeat,\n"
    ids = [item.custom_id for item in plan(sheet, skip_invalid=True).items]
    assert ids == ["row-0003", "row-0003-refused", "a", "row-0005", "row-0006"]


def test_choice_in_file_name_uses_listed_spelling() -> None:
    assert plan("make,background\nAudi,HUB\n").items[0].stem == "Audi-hub"


def test_the_plan_keeps_the_sheet_as_submitted() -> None:
    planned = plan(" Make ;note\nAudi; a, b\n")
    assert planned.kind is Kind.CARS
    assert (planned.header, planned.delimiter) == ((" Make ", "note"), ";")
    assert planned.items[0].cells == ("Audi", " a, b")
    assert planned.warnings == ("Unknown columns are ignored: note.",)


def test_sample_sheet_has_a_dozen_cars_without_warnings() -> None:
    planned = plan(SAMPLE.read_text("utf-8"))
    assert len(planned.items) == 12
    assert planned.warnings == ()
    assert {item.aspect_ratio for item in planned.items} == {"1:1", "16:9", "9:16", "4:3", "3:4"}
    assert len({item.prompt for item in planned.items}) == 11
    assert len({item.stem for item in planned.items}) == 12
