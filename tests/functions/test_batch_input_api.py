"""The rows of a batch as submitted, page by page."""

import pytest

from imagebatch.schemas import answers
from imagebatch.usecases import keys
from tests.functions.conftest import Api
from tests.functions.test_cars_api import refused, send

SHEET = "make,note,year\nFord,first,2024\n\nKia,,2025\nBMW,third,2026\n"


def submitted(api: Api) -> str:
    batch: str = send(api, SHEET).json()["jobId"]
    return batch


@pytest.mark.slow
def test_rows_are_told_as_submitted_with_prompts(api: Api) -> None:
    answer = api.get(f"/api/batches/{submitted(api)}/input?limit=2")

    page = answers.BatchInput.model_validate(answer.json())
    assert (answer.status, page.kind, page.columns) == (200, "cars", ["make", "note", "year"])
    assert [(one.index, one.row, one.custom_id, one.cells) for one in page.items] == [
        (0, 2, "row-0002", ["Ford", "first", "2024"]),
        (1, 4, "row-0004", ["Kia", "", "2025"]),
    ]
    assert "2025 Kia" in page.items[1].prompt
    assert page.items[1].aspect_ratio == "1:1"
    assert page.next_cursor == "2"
    assert [(one.images, one.variant_id, one.settings) for one in page.items] == [
        ([], None, {})
    ] * 2


@pytest.mark.slow
def test_input_names_the_template_it_was_made_with(api: Api) -> None:
    api.put("/api/templates/chairs", json={"prompt": "A {{colour}} chair"})
    files = {"file": ("chairs.csv", b"colour\nred\n", "text/csv")}
    made = api.post("/api/sheet-batch", files=files, data={"template": "chairs"}).json()
    told = api.get(f"/api/batches/{made['jobId']}/input").json()
    assert (told["template"], told["columns"]) == ("chairs", ["colour"])
    assert api.get(f"/api/batches/{submitted(api)}/input").json()["template"] is None


@pytest.mark.slow
def test_last_page_has_no_cursor(api: Api) -> None:
    page = api.get(f"/api/batches/{submitted(api)}/input?cursor=2").json()

    assert [one["row"] for one in page["items"]] == [5]
    assert page["nextCursor"] is None


def test_input_whose_retention_ended_is_gone(api: Api) -> None:
    batch = submitted(api)
    api.services.media.delete(keys.plan(batch))

    assert refused(api.get(f"/api/batches/{batch}/input")) == (410, "Input has expired")


def test_input_of_unknown_batch_is_not_found(api: Api) -> None:
    unknown = "0123456789abcdef0123456789abcdef"

    assert refused(api.get(f"/api/batches/{unknown}/input"))[0] == 404
