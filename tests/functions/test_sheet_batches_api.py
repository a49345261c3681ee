"""Sheets of any columns: templates, references, and the refusals of /api/sheet-batch."""

from typing import Any

import pytest

from imagebatch.schemas.submission_answers import Preview
from tests.functions.conftest import Answer, Api

SHEET = "Colour,Size,note,custom_id\nred,L,old,A1\nblue,M,,A2\n"
PROMPT = "A {{colour}} chair{{#size}} in {{size}}{{/size}}"
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00:~\x9bU"
    b"\x00\x00\x00\nIDATx\x9cch\x00\x00\x00\x82\x00\x81w\xcdr\xb6\x00\x00\x00\x00IEND\xaeB`\x82"
)


def send(api: Api, sheet: str = SHEET, **options: Any) -> Answer:
    files = {"file": ("chairs.csv", sheet.encode(), "text/csv")}
    return api.post("/api/sheet-batch", files=files, data=options)


def prompts(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.body
    return [item["prompt"] for item in answer.json()["items"]]


def upload(api: Api, name: str) -> str:
    files = {"file": (name, PNG, "image/png")}
    made = api.post("/api/uploads", files=files, data={"kind": "product"})
    return str(made.json()["file"]["id"])


def test_a_prompt_with_the_request_is_a_template(api: Api) -> None:
    answer = send(api, prompt=PROMPT, dryRun="true")
    assert prompts(answer) == ["A red chair in L", "A blue chair in M"]
    preview = Preview.model_validate(answer.json())
    assert preview.columns == ["Colour", "Size", "note", "custom_id"]
    assert preview.items[0].cells == ["red", "L", "old", "A1"]
    assert [item.custom_id for item in preview.items] == ["A1", "A2"]


def test_dry_run_lists_problems_of_each_cell(api: Api) -> None:
    sheet = "Make;Model;Colour;Aspect Ratio;dealer\nAudi;A4;red;16:10;X\nBMW;i3;blue;1:1;Y\n"
    files = {"file": ("cars.csv", sheet.encode(), "text/csv")}
    answer = api.post("/api/car-batch?dryRun=true&invalidRows=skip", files=files)
    preview = Preview.model_validate(answer.json())
    assert preview.read_as == ["make", "model", "color", "aspect_ratio", None]
    assert preview.delimiter == ";"
    [problem] = preview.items[0].problems
    assert (problem.column, problem.value, problem.suggestion) == ("aspect_ratio", "16:10", "16:9")
    assert preview.items[1].problems == []


@pytest.mark.slow
def test_a_stored_template_is_used_and_kept(api: Api) -> None:
    body = {"prompt": PROMPT, "fileName": "{{colour}}-chair", "columns": {"Size": {"oneOf": ["L"]}}}
    assert api.put("/api/templates/chairs", json=body).status == 201
    assert api.put("/api/templates/chairs", json=body).status == 200
    refused = send(api, template="chairs")
    assert (refused.status, refused.json()["error"]) == (400, "Invalid rows")
    assert refused.json()["details"][0]["suggestion"] is None
    api.put("/api/templates/chairs", json={**body, "columns": {}})
    made = send(api, template="chairs")
    assert made.status == 202
    assert api.request("DELETE", "/api/templates/chairs").status == 204
    status = api.get(f"/api/batch/{made.json()['jobId']}").json()
    assert (status["kind"], status["total"]) == ("sheet", 2)


def test_built_in_templates_are_listed_and_cannot_be_changed(api: Api) -> None:
    found = api.get("/api/templates").json()["items"]
    assert [(each["name"], each["builtIn"]) for each in found] == [
        ("car-white", True),
        ("car-hub", True),
    ]
    assert api.put("/api/templates/car-mine", json={"prompt": "x"}).status == 409
    assert api.request("DELETE", "/api/templates/car-hub").status == 409
    assert api.get("/api/templates/none").status == 404


def test_a_car_template_makes_what_car_batches_make(api: Api) -> None:
    sheet = "make,model,background\nAudi,A4,\nBMW,i3,white\n"
    cars = api.post(
        "/api/car-batch?dryRun=true", files={"file": ("c.csv", sheet.encode(), "text/csv")}
    )
    white = send(api, sheet, template="car-white", dryRun="true")
    assert prompts(white) == prompts(cars)
    hub = send(api, sheet, template="car-hub", dryRun="true")
    assert hub.json()["items"][0]["file"] == "Audi-A4-hub.png"
    assert prompts(hub)[1] == prompts(cars)[1]


@pytest.mark.parametrize(
    ("options", "status", "error"),
    [
        ({}, 400, "Template is required"),
        ({"template": "chairs", "prompt": "x"}, 400, "Send template or prompt, not both"),
        ({"template": "unknown"}, 422, "Unknown template"),
        ({"prompt": "A {{color}} chair"}, 400, "Missing columns"),
        ({"prompt": "{{colour}"}, 422, "Invalid fields"),
        ({"prompt": "{{colour}}", "quality": "hd", "model": "google/imagen-3"}, 422, None),
        ({"prompt": "{{colour}}", "maxCost": "0.01"}, 402, None),
    ],
)
def test_a_request_that_cannot_be_served_is_refused(
    api: Api, options: dict[str, str], status: int, error: str | None
) -> None:
    answer = send(api, **options)
    assert answer.status == status, answer.body
    assert error in (None, answer.json()["error"])
    assert api.get("/api/v1/batch").json()["items"] == []


def test_a_ratio_is_any_that_the_model_makes(api: Api) -> None:
    sheet = "colour,aspect_ratio\nred,21:9\nblue,2.33\n"
    wide = send(api, sheet, prompt="{{colour}}", model="black-forest-labs/flux-schnell", dryRun="1")
    assert [item["input"]["aspect_ratio"] for item in wide.json()["items"]] == ["21:9", "21:9"]

    refused = send(api, sheet, prompt="{{colour}}").json()

    assert refused["error"] == "Model cannot make this batch"
    detail = refused["details"][0]
    assert (detail["row"], detail["model"]) == (2, "google/nano-banana-2.1")
    assert "black-forest-labs/flux-schnell" in detail["alternatives"]


@pytest.mark.parametrize("option", ["aspect_ratio", "template"])
def test_a_ratio_that_no_model_makes_is_invalid(api: Api, option: str) -> None:
    ratio = "" if option == "template" else "7:1"
    body = {"prompt": "{{colour}}", "aspectRatio": "21:9"}
    assert api.put("/api/templates/wide", json=body).status == 201
    sheet = f"colour,aspect_ratio\nred,{ratio}\n"
    refused = send(api, sheet, template="wide")
    expected = {"template": (422, "Model cannot make this batch")}
    assert (refused.status, refused.json()["error"]) == expected.get(option, (400, "Invalid rows"))


@pytest.mark.parametrize(
    ("options", "suggestion"),
    [
        ({}, "16:9"),
        ({"model": "openai/gpt-image-2"}, "3:2"),
        ({"model": "black-forest-labs/flux-schnell"}, "21:9"),
        ({"model": "google/nano-banana-2.1", "fallback": "openai/gpt-image-2"}, "1:1"),
    ],
)
def test_a_suggested_ratio_is_one_the_models_support(
    api: Api, options: dict[str, str], suggestion: str
) -> None:
    sheet = "colour,aspect_ratio\nred,2.35:1\n"
    [detail] = send(api, sheet, prompt="{{colour}}", **options).json()["details"]
    assert detail["suggestion"] == suggestion
    assert suggestion in detail["message"]

    applied = send(api, sheet.replace("2.35:1", suggestion), prompt="{{colour}}", **options)
    assert applied.status == 202, applied.body


def test_an_unusable_model_keeps_the_rows_problems_first(api: Api) -> None:
    sheet = "colour,aspect_ratio\nred,2.35:1\n"
    refused = send(api, sheet, prompt="{{colour}}", model="no-such-model")
    assert refused.json()["error"] == "Invalid rows"


def test_cars_keep_their_five_ratios(api: Api) -> None:
    sheet = "make,model,aspect_ratio\nAudi,A4,21:9\n"
    files = {"file": ("c.csv", sheet.encode(), "text/csv")}
    model = "black-forest-labs/flux-schnell"
    answer = api.post(f"/api/car-batch?dryRun=true&model={model}", files=files)
    [detail] = answer.json()["details"]
    assert (answer.json()["error"], detail["suggestion"]) == ("Invalid rows", "16:9")


@pytest.mark.parametrize(
    ("sheet", "error"),
    [
        ('colour\n"red\n', "Malformed CSV"),
        ("colour\n", "No data rows found"),
        ("colour\nred\n", "Unknown template"),
    ],
)
def test_what_is_wrong_with_the_sheet_comes_first(api: Api, sheet: str, error: str) -> None:
    assert send(api, sheet, template="unknown").json()["error"] == error


@pytest.mark.parametrize("rows", ["", "red\n" * 60])
def test_missing_columns_come_before_the_rows(api: Api, rows: str) -> None:
    answer = send(api, f"colour\n{rows}", prompt="A {{size}} chair")
    assert (answer.status, answer.json()["error"]) == (400, "Missing columns")


def test_a_missing_column_names_the_nearest_header(api: Api) -> None:
    answer = send(api, prompt="A {{color}} chair")
    [detail] = answer.json()["details"]
    assert (detail["column"], detail["suggestion"]) == ("color", "Colour")


def test_reference_is_id_name_or_url(api: Api) -> None:
    first = upload(api, "front.png")
    sheet = f"what,reference\na,{first}\nb,front.png\nc,https://shop.example.com/c.jpg\n"
    answer = send(api, sheet, prompt="{{what}}", dryRun="true")
    assert len(prompts(answer)) == 3
    second = upload(api, "front.png")
    refused = send(api, sheet + "d,none.png\n", prompt="{{what}}", dryRun="true")
    details = refused.json()["details"]
    assert [(each["row"], each["column"]) for each in details] == [
        (3, "reference"),
        (5, "reference"),
    ]
    assert first in details[0]["message"]
    assert second in details[0]["message"]


def test_dry_run_paginates_rows_and_shows_every_problem(api: Api) -> None:
    rows = "".join(f"v{n},{'2:1' if n in (30, 40) else '1:1'}\n" for n in range(50))
    sheet = "what,aspect_ratio\n" + rows
    options = {"prompt": "{{what}}", "dryRun": "true", "invalidRows": "skip"}
    first = send(api, sheet, **options).json()
    assert [item["row"] for item in first["items"]] == [*range(2, 12), 32, 42]
    assert (first["total"], first["nextCursor"]) == (50, "10")
    rest = send(api, sheet, **options, cursor="10", limit="25").json()
    assert [item["row"] for item in rest["items"]] == list(range(12, 37))
    assert rest["nextCursor"] == "35"
    assert send(api, sheet, **options, cursor="35").json()["nextCursor"] is None
