"""What the OpenAPI document says of a request is what the API takes, no more and no less."""

from typing import Any

import pytest

from tests.functions.conftest import Api

SHEET = ("cars.csv", b"make\nVolvo\n", "text/csv")


def prompts(api: Api, **more: Any) -> int:
    body = {"items": [{"prompt": "A red chair"}], "dry_run": True, **more}
    return api.post("/api/v1/batch/generate", json=body).status


@pytest.mark.parametrize("value", ["true", "1", 1, 0, ""])
@pytest.mark.parametrize("field", ["dry_run", "include_pdf"])
def test_json_flags_are_booleans(api: Api, field: str, value: object) -> None:
    given = {field: value} if field == "dry_run" else {"options": {field: value}}

    assert prompts(api, **given) == 422


@pytest.mark.parametrize("value", ["true", "True", "1", "yes"])
def test_form_and_query_flags_are_words(api: Api, value: str) -> None:
    sent = [
        api.post("/api/car-batch", files={"file": SHEET}, data={"dryRun": value}),
        api.post("/api/car-batch", content=SHEET[1], params={"dryRun": value},
                 headers={"Content-Type": "text/csv"}),
    ]  # fmt: skip

    assert [answer.status for answer in sent] == [200, 200]
    assert all(answer.json()["dryRun"] for answer in sent)


def test_invalid_flag_word_is_rejected(api: Api) -> None:
    answer = api.post("/api/car-batch", files={"file": SHEET}, data={"dryRun": "perhaps"})

    assert answer.status == 422
    assert answer.json()["details"][0]["field"] == "dryRun"


def test_metadata_is_text_in_a_form_alone(api: Api) -> None:
    sent = api.post("/api/car-batch", files={"file": SHEET},
                    data={"metadata": '{"season": "spring"}'})  # fmt: skip
    found = api.get(f"/api/batch/{sent.json()['jobId']}").json()

    assert found["metadata"] == {"season": "spring"}
    assert prompts(api, metadata={"season": "spring"}) == 200
    for text in ("", "{}", '{"season": "spring"}'):
        assert prompts(api, metadata=text) == 422


@pytest.mark.parametrize("amount", ["2.50", ".5", "5.", "", None, 2.5, 3, 0])
def test_an_amount_is_taken(api: Api, amount: object) -> None:
    assert prompts(api, max_cost=amount) in {200, 402}


@pytest.mark.parametrize(
    "amount", ["1e3", "+1", "-1", "1_0", "\u0661", "0x1", "1,5", "1000000", -1, True, 0.1234567]
)
def test_an_amount_that_is_none_is_refused(api: Api, amount: object) -> None:
    assert prompts(api, max_cost=amount) == 422


def test_a_whole_number_may_be_written_with_a_point(api: Api) -> None:
    about = {"kind": "product", "filename": "a.png", "contentType": "image/png"}
    rows = [{"variantId": 7.0, "variantTitle": "a", "productId": 1.0, "productTitle": "b"}]

    assert api.post("/api/uploads", json={**about, "size": 100.0}).status == 201
    assert api.post("/api/uploads", json={**about, "size": 100.5}).status == 422
    assert api.put("/api/variants", json=rows).status == 200
    assert api.post("/api/batches/image-candidates", json={"variantIds": [7.0]}).status == 200


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize("key", ["", " ", "k" * 256])
def test_invalid_key_is_rejected_in_dry_runs_too(api: Api, key: str, dry_run: bool) -> None:
    body = {"items": [{"prompt": "A red chair"}], "dry_run": dry_run}
    headers = {"Idempotency-Key": key}
    answer = api.post("/api/v1/batch/generate", json=body, headers=headers)

    assert answer.status == 400
    assert answer.json()["error"] == "Invalid Idempotency-Key"


def test_a_search_of_more_than_200_characters_is_refused(api: Api) -> None:
    assert api.get("/api/variants", params={"q": "a" * 200}).status == 200
    assert api.get("/api/variants", params={"q": "a" * 201}).status == 400


@pytest.mark.parametrize("path", ["/api/uploads", "/api/v1/batch", "/api/variants", "/api/batches"])
def test_an_empty_parameter_is_as_none_at_all(api: Api, path: str) -> None:
    empty = dict.fromkeys(["limit", "cursor", "kind", "status", "q"], "")

    assert api.get(path, params=empty).status == 200
