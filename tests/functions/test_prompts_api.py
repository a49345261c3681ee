from typing import Any

import pytest

from imagebatch.domain.batch_manifest import decode_manifest
from imagebatch.schemas import answers
from imagebatch.schemas.submission_answers import Preview, PromptBatchAccepted
from imagebatch.usecases import keys
from testing.services import Deployment
from tests.functions.conftest import Answer, Api
from tests.intake.test_uploads import PNG

WITH_IMAGES, PLAIN = "google/nano-banana-2.1", "black-forest-labs/flux-schnell"


def generate(api: Api, *items: Any, headers: dict[str, str] | None = None, **more: Any) -> Answer:
    body = {"items": list(items) or [{"prompt": "A red chair"}], **more}
    return api.post("/api/v1/batch/generate", json=body, headers=headers or {})


def faults(answer: Answer) -> dict[str, str]:
    assert answer.status == 422, answer.body
    problem = answers.Problem.model_validate(answer.json())
    assert problem.error == "Invalid fields"
    return {each["field"]: each["message"] for each in problem.details or []}


def an_image(api: Api) -> str:
    sent = {"file": ("chair.png", PNG, "image/png")}
    answer = api.post("/api/uploads", files=sent, data={"kind": "product"})
    return str(answer.json()["file"]["id"])


def shortfall(answer: Answer) -> dict[str, Any]:
    """The one thing that the model cannot make of a batch."""
    assert (answer.status, answer.json()["error"]) == (422, "Model cannot make this batch")
    [detail] = answer.json()["details"]
    return dict(detail)


def test_a_list_of_prompts_is_accepted_at_once(api: Api) -> None:
    answer = generate(api, {"prompt": "A red chair"}, {"prompt": "A blue one"}, name="Chairs")
    assert answer.status == 202
    accepted = PromptBatchAccepted.model_validate(answer.json())
    assert (accepted.total_items, answer.json()["estimated_cost"]) == (2, "0.07")
    assert answer.headers["location"] == accepted.status_url
    status = api.get(f"/api/v1/batch/{accepted.batch_id}/status").json()
    assert (status["kind"], status["name"], status["total"]) == ("prompts", "Chairs", 2)


@pytest.mark.slow
def test_the_plan_has_what_each_item_is_made_from(api: Api, services: Deployment) -> None:
    image = an_image(api)
    url = "https://shop.example.com/chair.png"
    batch = generate(
        api,
        {"prompt": "  A red chair \n", "file": image, "aspect_ratio": "16:9"},
        {"prompt": "A blue one", "file": url, "custom_id": "SKU 7/b"},
        {"prompt": "Free", "file": ""},
        model=WITH_IMAGES,
    ).json()["batch_id"]
    plan = decode_manifest(services.media.get(keys.plan(batch)) or b"")
    first, second, third = plan.items
    assert (first.prompt, first.aspect_ratio, first.images) == (
        "A red chair",
        "16:9",
        (f"s3:uploads/{image}",),
    )
    assert (second.custom_id, second.stem, second.images) == ("SKU 7/b", "SKU_7_b", (url,))
    assert (third.custom_id, third.stem, third.images) == ("item-0003", "free", ())
    assert third.aspect_ratio == "1:1"


def test_dry_run_shows_plan_and_creates_nothing(api: Api) -> None:
    answer = generate(api, {"prompt": "A red chair, studio"}, {"prompt": "!!!"}, dry_run=True)
    assert answer.status == 200
    preview = Preview.model_validate(answer.json())
    assert (preview.total, answer.json()["estimated_cost"], preview.mode) == (
        2,
        "0.07",
        "development",
    )
    assert [item.file for item in preview.items] == ["a-red-chair-studio.png", "item-0002.png"]
    assert preview.items[0].input["prompt"] == "A red chair, studio"
    assert api.get("/api/v1/batch").json()["items"] == []


@pytest.mark.parametrize("model", [None, "", "claude", "google/nano-banana-2.1"])
def test_the_older_clients_model_is_the_default(api: Api, model: str | None) -> None:
    batch = generate(api, model=model).json()["batch_id"]
    assert api.get(f"/api/batch/{batch}").json()["model"] == "google/nano-banana-2.1"


def test_every_invalid_field_is_listed_at_once(api: Api) -> None:
    found = faults(
        generate(
            api,
            {"prompt": "   "},
            {"prompt": "x" * 4001, "aspect_ratio": "wide"},
            {"prompt": "ok", "file": "nothing", "custom_id": "a"},
            {"prompt": "ok", "file": "http://shop.example.com/a.png", "custom_id": "a"},
            {"prompt": "ok", "file": "https://10.0.0.1/a.png"},
            {"prompt": "ok", "custom_id": "x" * 65},
            {"prompt": 7},
            {},
            options={"quality": "best"},
            model=WITH_IMAGES,
            callback_url="http://example.com",
            max_cost="much",
        )
    )
    assert found.keys() == {
        "items.0.prompt", "items.1.prompt", "items.1.aspect_ratio", "items.2.file",
        "items.3.file", "items.3.custom_id", "items.4.file", "items.5.custom_id",
        "items.6.prompt", "items.7.prompt", "options.quality", "callback_url", "max_cost",
    }  # fmt: skip
    assert found["items.2.file"] == "is not one of your product uploads"
    assert found["items.3.custom_id"] == "is already the custom_id of item 2"
    assert found["items.4.file"] == "must have a public host"


@pytest.mark.parametrize("items", [[], None, "prompts", [7], ["a prompt"]])
def test_what_is_no_list_of_items_is_refused(api: Api, items: Any) -> None:
    answer = api.post("/api/v1/batch/generate", json={"items": items})
    assert faults(answer).keys() <= {"items", "items.0"}


@pytest.mark.parametrize(
    "file",
    [
        "http://169.254.169.254/latest/meta-data",
        "https://localhost/a.png",
        "https://[::1]/a.png",
        "https://127.1/a.png",
        "https://0x7f000001/a.png",
        "file:///etc/passwd",
        "gopher://example.com",
        "data:image/png;base64,iVBORw0KGgo=",
        "https://user:pass@example.com/a.png",
    ],
)
def test_non_public_reference_url_is_rejected(api: Api, file: str) -> None:
    assert "items.0.file" in faults(generate(api, {"prompt": "p", "file": file}, model=WITH_IMAGES))


def test_a_model_without_images_names_those_that_take_them(api: Api) -> None:
    answer = generate(api, {"prompt": "p", "file": an_image(api)}, model=PLAIN)
    detail = shortfall(answer)
    assert detail["reason"] == "accepts no reference images; the item has 1"
    assert WITH_IMAGES in detail["alternatives"]


@pytest.mark.slow
def test_hd_is_offered_only_where_the_model_has_it(api: Api) -> None:
    detail = shortfall(generate(api, quality="hd", model=PLAIN))
    assert detail["reason"] == "has no hd quality; it offers standard"
    assert WITH_IMAGES in detail["alternatives"]
    for options in ({"options": {"quality": "hd"}}, {"quality": "hd"}):
        assert generate(api, model=WITH_IMAGES, **options).status == 202


def test_a_retired_model_is_refused_with_its_successor(api: Api) -> None:
    answer = generate(api, model="google/imagen-3")
    assert (answer.status, answer.json()["error"]) == (422, "Model is no longer available")
    assert answer.json()["details"][0]["successor"] == WITH_IMAGES


def test_a_fallback_must_make_every_item_too(api: Api) -> None:
    wide = {"prompt": "p", "aspect_ratio": "21:9"}
    answer = generate(api, wide, model=PLAIN, fallback=[WITH_IMAGES, "openai/gpt-image-2"])
    refused = [each["model"] for each in answer.json()["details"]]
    assert refused == [WITH_IMAGES, "openai/gpt-image-2"]
    assert generate(api, wide, model=PLAIN, fallback=["google/nano-banana-pro"]).status == 202
    assert "fallback" in faults(generate(api, fallback=[PLAIN] * 4))


def test_an_unknown_model_is_an_invalid_field(api: Api) -> None:
    assert "google/imagen-3" in faults(generate(api, model="google/imagen-9"))["model"]


@pytest.mark.slow
def test_more_prompts_than_the_limit_are_refused(api: Api) -> None:
    answer = generate(api, *[{"prompt": str(n)} for n in range(51)])
    assert (answer.status, answer.json()["error"]) == (400, "Row limit exceeded (max 50)")
    assert generate(api, *[{"prompt": str(n)} for n in range(50)]).status == 202


def test_anothers_upload_looks_like_a_missing_one(api: Api) -> None:
    theirs = an_image(api.as_owner("bob"))
    found = faults(
        generate(api, {"prompt": "p", "file": theirs}, {"prompt": "p", "file": "f" * 32},
                 model=WITH_IMAGES)
    )  # fmt: skip
    assert found["items.0.file"] == found["items.1.file"]


@pytest.mark.slow
def test_an_upload_is_not_used_before_it_was_checked(api: Api, services: Deployment) -> None:
    wanted = {"kind": "product", "filename": "a", "contentType": "image/png", "size": 999}
    upload = api.post("/api/uploads", json=wanted).json()["file"]["id"]
    item = {"prompt": "p", "file": upload}
    assert "still being validated" in faults(generate(api, item, model=WITH_IMAGES))["items.0.file"]
    services.media.put(keys.incoming(upload), PNG, "image/png")
    services.check_upload(keys.incoming(upload))
    assert generate(api, item, model=WITH_IMAGES).status == 202


def test_an_estimate_over_the_cap_is_402(api: Api) -> None:
    assert generate(api, max_cost="0.01").status == 402


@pytest.mark.slow
def test_the_same_key_and_content_is_the_same_batch(api: Api) -> None:
    headers = {"Idempotency-Key": "once"}
    first = generate(api, headers=headers)
    assert generate(api, headers=headers).json() == first.json()
    assert generate(api, {"prompt": "other"}, headers=headers).status == 422
    assert len(api.get("/api/v1/batch").json()["items"]) == 1


@pytest.mark.parametrize("text", ["\x00", "bell \x07", "\x7f"])
def test_control_characters_are_refused(api: Api, text: str) -> None:
    found = faults(generate(api, {"prompt": "p" + text + "q", "custom_id": "c" + text + "d"}))
    assert found.keys() == {"items.0.prompt", "items.0.custom_id"}


def test_half_a_surrogate_pair_is_refused(api: Api) -> None:
    body = b'{"items": [{"prompt": "a \\ud800 b", "custom_id": "\\udc00"}], "name": "\\ud800"}'
    answer = api.post(
        "/api/v1/batch/generate", content=body, headers={"content-type": "application/json"}
    )
    assert (answer.status, answer.json()["error"]) == (400, "The body is not valid JSON")


def test_a_prompt_keeps_its_line_breaks(api: Api, services: Deployment) -> None:
    batch = generate(api, {"prompt": "A chair.\n\nNo text.\t"}).json()["batch_id"]
    plan = decode_manifest(services.media.get(keys.plan(batch)) or b"")
    assert plan.items[0].prompt == "A chair.\n\nNo text."


def sheet_of(api: Api, body: bytes, **options: str) -> Answer:
    files = {"file": ("prompts.csv", body, "text/csv")}
    return api.post("/api/v1/batch/generate", files=files, data=options)


@pytest.mark.slow
def test_a_sheet_of_prompts_is_a_prompt_batch(api: Api, services: Deployment) -> None:
    image = an_image(api)
    sheet = f"Prompt;id;Aspect Ratio;file\nein grünes Auto;eins;16x9;\nein Boot;;;{image}\n"
    answer = sheet_of(api, sheet.encode("cp1252"), encoding="cp1252", include_pdf="true")
    accepted = PromptBatchAccepted.model_validate(answer.json())
    assert {notice.code for notice in accepted.notices} == {"mapped-columns", "ratio"}
    plan = decode_manifest(services.media.get(keys.plan(accepted.batch_id)) or b"")
    assert [item.prompt for item in plan.items] == ["ein grünes Auto", "ein Boot"]
    assert [(item.custom_id, item.row) for item in plan.items] == [("eins", 2), ("row-0003", 3)]
    assert plan.items[0].aspect_ratio == "16:9"
    assert plan.items[1].images == (f"s3:{keys.upload(image)}",)
    batch = services.store.get("local", accepted.batch_id)
    assert batch is not None
    assert (batch.kind, batch.options["include_pdf"]) == ("prompts", True)


def test_the_raw_sheet_takes_options_in_the_query(api: Api) -> None:
    path = "/api/v1/batch/generate?dryRun=true&name=List"
    answer = api.post(path, content=b"prompt\na\nb\n", headers={"content-type": "text/csv"})
    assert [item["prompt"] for item in answer.json()["items"]] == ["a", "b"]


@pytest.mark.parametrize(
    ("sheet", "status", "error"),
    [
        ("make,model\nKia,Rio\n", 400, "Malformed CSV"),
        ("promt,custom_id\na,1\n", 400, "Unknown columns"),
        ("prompt,custom_id\n,1\n", 400, "Invalid rows"),
        ("prompt,aspect_ratio\na,7:1\n", 400, "Invalid rows"),
        ("prompt,aspect_ratio\na,21:9\n", 422, "Model cannot make this batch"),
        ("prompt,seed\na,7\n", 422, "Model cannot make this batch"),
        ("prompt,file\na,nobodys.png\n", 400, "Invalid rows"),
        ("prompt\n", 400, "No data rows found"),
    ],
)
def test_a_sheet_of_prompts_is_refused(api: Api, sheet: str, status: int, error: str) -> None:
    answer = sheet_of(api, sheet.encode())
    assert (answer.status, answer.json()["error"]) == (status, error), answer.body
