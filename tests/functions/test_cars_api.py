import json
from unittest.mock import Mock

import pytest

from imagebatch.domain.errors import ConflictError, UnavailableError
from imagebatch.schemas import answers
from imagebatch.schemas.submission_answers import CarBatchAccepted, Preview
from tests.functions.conftest import Answer, Api

HEADER = "make,model,year,background,aspect_ratio\n"
SHEET = HEADER + "Toyota,Corolla,2024,white,1:1\nBMW,i4,2025,hub,16:9\n"


def send(api: Api, sheet: str | bytes = SHEET, **fields: str) -> Answer:
    body = sheet.encode() if isinstance(sheet, str) else sheet
    return api.post("/api/car-batch", files={"file": ("cars.csv", body, "text/csv")}, data=fields)


def refused(answer: Answer) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answers.Problem.model_validate(answer.json())
    assert problem.status == answer.status
    return answer.status, problem.error


def test_a_sheet_is_accepted_at_once(api: Api) -> None:
    answer = send(api)
    assert answer.status == 202
    accepted = CarBatchAccepted.model_validate(answer.json())
    assert (accepted.total, answer.json()["estimatedCost"]) == (2, "0.07")
    assert accepted.mode == "development"
    assert answer.headers["location"] == accepted.status_url


@pytest.mark.parametrize(
    ("kind", "body"),
    [("text/csv", SHEET.encode()), ("application/octet-stream", SHEET.encode("utf-16"))],
)
def test_the_raw_body_is_a_sheet_too(api: Api, kind: str, body: bytes) -> None:
    answer = api.post("/api/car-batch?name=Raw", content=body, headers={"content-type": kind})
    assert answer.status == 202
    status = api.get(f"/api/batch/{answer.json()['jobId']}").json()
    assert (status["name"], status["total"]) == ("Raw", 2)


def test_new_batch_status_has_the_documented_shape(api: Api) -> None:
    batch = send(api, name="Spring hub", metadata='{"campaign": "spring"}').json()["jobId"]
    answer = api.get(f"/api/batch/{batch}")
    assert answer.status == 200
    status = answers.BatchAnswer.model_validate(answer.json())
    assert (status.status, status.total, status.pending, status.percent) == ("queued", 2, 2, 0)
    assert (status.name, status.metadata) == ("Spring hub", {"campaign": "spring"})
    v1 = api.get(f"/api/v1/batch/{batch}/status")
    assert answers.BatchStatusAnswer.model_validate(v1.json()).batch_id == batch


ROWS = "".join(f"Kia,Rio {n},2024,white,1:1\n" for n in range(55))


@pytest.mark.parametrize(
    ("sheet", "status", "error"),
    [
        ("", 400, "CSV file is required"),
        ("x" * (4 * 1024 * 1024 + 1), 413, "CSV file is too large for a request body (max 4 MiB)"),
        (HEADER + 'BMW,"M3', 400, "Malformed CSV"),
        (HEADER + "BMW,M3,2024,white,1:1,sedan\n", 400, "Malformed CSV"),
        ("price;note\n5;red\n", 400, "Malformed CSV"),
        ("colour;price\nred;5\n", 400, "Unknown columns"),
        (HEADER + "B\x00MW,M3,2024,white,1:1\n", 400, "Malformed CSV"),
        (HEADER + ROWS, 400, "Row limit exceeded (max 50)"),
        (HEADER, 400, "No data rows found"),
        (" \n \n", 400, "No data rows found"),
        (HEADER + "BMW,M3,2024,purple,2:1\n", 400, "Invalid rows"),
    ],
)
def test_a_bad_sheet_is_refused_in_plain_words(
    api: Api, sheet: str, status: int, error: str
) -> None:
    answer = send(api, sheet)
    assert refused(answer) == (status, error)
    assert api.get("/api/v1/batch").json()["items"] == []
    if error in {"Malformed CSV", "Unknown columns", "Invalid rows"}:
        problem = answer.json()
        assert problem["detailsTotal"] == len(problem["details"]) > 0


def test_a_form_without_a_file_is_refused(api: Api) -> None:
    answer = api.post("/api/car-batch", files={"other": ("a.csv", b"x", "text/csv")})
    assert refused(answer) == (400, "CSV file is required")
    assert refused(api.post("/api/car-batch")) == (400, "CSV file is required")


def test_all_invalid_rows_are_named_with_suggestions(api: Api) -> None:
    answer = send(api, HEADER + "BMW,M3,2024,white,2x1\nKia,Rio,2024,purple,1:1\n")
    details = answer.json()["details"]
    assert [(d["row"], d["column"]) for d in details] == [(2, "aspect_ratio"), (3, "background")]
    assert details[0]["suggestion"] == "16:9"


def test_invalid_rows_can_be_skipped(api: Api) -> None:
    answer = send(api, HEADER + "BMW,M3,2024,white,2x1\nKia,Rio,,,\n", invalidRows="skip")
    assert answer.status == 202
    status = api.get(f"/api/batch/{answer.json()['jobId']}").json()
    assert (status["total"], status["pending"], status["failed"]) == (2, 1, 1)
    assert status["errors"][0]["code"] == "invalid_input"


def test_dry_run_shows_prompts_and_creates_nothing(api: Api) -> None:
    answer = send(api, dryRun="true")
    assert answer.status == 200
    preview = Preview.model_validate(answer.json())
    assert preview.items[0].file == "Toyota-Corolla-2024-white.png"
    assert "Corolla" in preview.items[0].prompt
    assert api.get("/api/v1/batch").json()["items"] == []


def test_an_estimate_over_the_cap_is_402(api: Api) -> None:
    assert refused(send(api, maxCost="0.05"))[0] == 402


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"maxCost": "lots"}, "maxCost"),
        ({"maxCost": "-1"}, "maxCost"),
        ({"callbackUrl": "http://example.com/x"}, "callbackUrl"),
        ({"callbackUrl": "https://169.254.169.254/latest"}, "callbackUrl"),
        ({"metadata": "[1]"}, "metadata"),
        ({"metadata": json.dumps({f"k{n}": "v" for n in range(17)})}, "metadata"),
        ({"metadata": json.dumps({"k": "v" * 513})}, "metadata.k"),
        ({"invalidRows": "maybe"}, "invalidRows"),
        ({"name": "x" * 201}, "name"),
    ],
)
def test_an_invalid_option_is_named(api: Api, fields: dict[str, str], field: str) -> None:
    answer = send(api, **fields)
    assert refused(answer) == (422, "Invalid fields")
    assert field in [d["field"] for d in answer.json()["details"]]


def test_an_unknown_model_is_named_with_those_there_are(api: Api) -> None:
    answer = send(api, model="acme/best")
    assert refused(answer) == (422, "Unknown model")
    assert "google/imagen-3" in answer.json()["detail"]


@pytest.mark.slow
def test_the_same_idempotency_key_gives_the_first_answer(api: Api) -> None:
    def keyed(sheet: str = SHEET) -> Answer:
        files = {"file": ("cars.csv", sheet.encode(), "text/csv")}
        return api.post("/api/car-batch", files=files, headers={"idempotency-key": "k1"})

    first = keyed()
    assert keyed().json() == first.json()
    assert refused(keyed(SHEET + "Kia,Rio,2024,white,1:1\n"))[0] == 422
    assert len(api.get("/api/v1/batch").json()["items"]) == 1


def test_other_owners_and_unknown_ids_are_the_same_404(api: Api) -> None:
    ann, bob = api.as_owner("ann"), api.as_owner("bob")
    batch = send(ann).json()["jobId"]
    assert ann.get(f"/api/batch/{batch}").status == 200
    foreign, unknown = bob.get(f"/api/batch/{batch}"), bob.get("/api/batch/nothing")
    assert refused(foreign) == (404, "Job not found")
    assert foreign.body == unknown.body
    assert bob.get("/api/v1/batch").json()["items"] == []


@pytest.mark.slow
def test_too_many_unfinished_batches_are_429(api: Api) -> None:
    for _ in range(20):
        assert send(api).status == 202
    answer = send(api)
    assert refused(answer)[0] == 429
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.slow
def test_batches_are_listed_newest_first_in_pages(api: Api) -> None:
    made = [send(api, name=str(n)).json()["jobId"] for n in range(3)]
    first = api.get("/api/v1/batch?limit=2").json()
    answers.BatchPage.model_validate(first)
    second = api.get(f"/api/v1/batch?limit=2&cursor={first['next_cursor']}").json()
    listed = [item["batch_id"] for item in first["items"] + second["items"]]
    assert sorted(listed) == sorted(made)
    assert second["next_cursor"] is None


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "cursor=zzz", "status=odd", "kind=odd"]
)
def test_a_bad_list_query_is_refused(api: Api, query: str) -> None:
    assert api.get(f"/api/v1/batch?{query}").status == 400


def test_a_download_that_is_not_ready_is_409(api: Api) -> None:
    batch = send(api).json()["jobId"]
    assert refused(api.get(f"/api/v1/batch/{batch}/download"))[0] == 409


@pytest.mark.slow
def test_cancelling_a_queued_batch_twice_is_idempotent(api: Api) -> None:
    batch = send(api).json()["jobId"]
    for _ in range(2):
        answer = api.post(f"/api/v1/batch/{batch}/cancel")
        assert (answer.status, answer.json()["status"]) == (202, "cancelling")
    assert refused(api.post(f"/api/batches/{batch}/retry"))[0] == 409


def test_an_unknown_route_is_a_problem_too(api: Api) -> None:
    assert refused(api.get("/api/nonsense"))[0] == 404


def test_the_public_routes_answer(api: Api) -> None:
    assert api.get("/health").json() == {"status": "ok"}
    assert api.get("/openapi.json").json()["openapi"] == "3.1.0"
    assert "<html" in api.get("/docs").body


def test_unavailable_part_is_503_with_retry_after(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    for error in (UnavailableError("down"), ConflictError("moved")):
        monkeypatch.setattr(api.services.store, "get", Mock(side_effect=error))
        answer = api.get("/api/batch/any")
        assert refused(answer)[0] == 503
        assert answer.headers["retry-after"] == "5"


def test_a_bug_is_a_500_that_tells_nothing(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        api.services.store, "get", Mock(side_effect=KeyError("arn:aws:s3:::secret"))
    )
    answer = api.get("/api/batch/any")
    assert refused(answer) == (500, "Internal error")
    assert "secret" not in answer.body
