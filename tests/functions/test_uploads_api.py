import json
from base64 import b64decode
from typing import Any

import pytest

from imagebatch.schemas.upload_answers import UploadAnswer, UploadedFile, UploadList
from testing.services import Deployment
from tests.functions.conftest import Answer, Api
from tests.intake.test_uploads import HTML, JPEG, PNG, SVG

SHEET = b"make,model\nToyota,Corolla\n"
INCOMING = "uploads/incoming/"


def send(api: Api, body: bytes, name: str = "a.png", kind: str = "product", **more: Any) -> Answer:
    files = {"file": (name, body, "application/octet-stream")}
    return api.post("/api/uploads", files=files, data={"kind": kind}, **more)


def announce(api: Api, **fields: Any) -> Answer:
    wanted = {"kind": "csv", "filename": "a.csv", "contentType": "text/csv", "size": 100, **fields}
    return api.post("/api/uploads", json=wanted)


def arrive(services: Deployment, upload_id: str, body: bytes) -> None:
    """What S3 and EventBridge do when a presigned POST was taken."""
    services.media.put(INCOMING + upload_id, body, "text/csv")
    services.check_upload(INCOMING + upload_id)


def listed(api: Api, query: str = "") -> list[UploadedFile]:
    answer = api.get(f"/api/uploads{query}")
    assert answer.status == 200
    return UploadList.model_validate(answer.json()).items


def test_an_image_in_the_request_is_ready_at_once(api: Api, services: Deployment) -> None:
    answer = send(api, PNG, "Stuhl blau.jpg")
    assert answer.status == 201
    made = UploadAnswer.model_validate(answer.json())
    assert (made.upload, made.file.status, made.file.kind) == (None, "ready", "product")
    assert made.file.original_name == "Stuhl blau.jpg"
    assert f"uploads/{made.file.id}?" in str(made.file.url)
    stored = services.media.head(f"uploads/{made.file.id}")
    assert stored is not None
    assert stored.content_type == "image/png"


@pytest.mark.parametrize("body", [SVG, HTML, b"GIF89a"])
def test_what_is_no_image_is_415_whatever_its_name(api: Api, body: bytes) -> None:
    answer = send(api, body, "a.png")
    assert (answer.status, answer.json()["error"]) == (415, "Unsupported file type")
    assert listed(api) == []


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "product", 400),
        (b"\x00" * (4 * 1024 * 1024 + 1), "product", 413),
        (b"\x00" * (5 * 1024 * 1024), "csv", 413),
        (PNG, "csv", 415),
        (PNG, "logo", 422),
    ],
)
def test_a_file_is_refused_for_what_it_is(api: Api, body: bytes, kind: str, status: int) -> None:
    assert send(api, body, kind=kind).status == status


def test_a_form_without_a_file_is_refused(api: Api) -> None:
    answer = api.post("/api/uploads", files={"kind": (None, "product")})
    assert (answer.status, answer.json()["error"]) == (400, "File is required")


def test_a_direct_upload_gets_a_form_that_s3_enforces(api: Api) -> None:
    answer = announce(api, kind="product", filename="a.png", contentType="image/png", size=777)
    assert answer.status == 201
    made = UploadAnswer.model_validate(answer.json())
    assert (made.file.status, made.file.url) == ("checking", None)
    assert made.upload is not None
    assert made.upload.fields["key"] == INCOMING + made.file.id
    assert made.upload.fields["Content-Type"] == "image/png"
    conditions = json.loads(b64decode(made.upload.fields["policy"]))["conditions"]
    assert ["content-length-range", 1, 777] in conditions
    assert {"Content-Type": "image/png"} in conditions


def test_a_direct_upload_is_checked_when_it_arrives(api: Api, services: Deployment) -> None:
    made = announce(api).json()["file"]
    (waiting,) = listed(api)
    assert (waiting.id, waiting.status, waiting.url) == (made["id"], "checking", None)
    arrive(services, made["id"], SHEET)
    (ready,) = listed(api)
    assert (ready.status, ready.reason) == ("ready", None)
    assert f"uploads/{made['id']}" in str(ready.url)


def test_upload_of_wrong_type_is_rejected_with_reason(api: Api, services: Deployment) -> None:
    made = announce(api).json()["file"]
    arrive(services, made["id"], PNG)
    (rejected,) = listed(api)
    assert (rejected.status, rejected.url) == ("rejected", None)
    assert rejected.reason == "The file is not CSV; it is image/png."


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"size": 20 * 1024 * 1024 + 1}, 413),
        ({"kind": "product"}, 415),
        ({"contentType": "text/html"}, 415),
        ({"size": 0}, 422),
        ({"size": "100"}, 422),
        ({"size": True}, 422),
        ({"kind": "other", "filename": "", "contentType": None}, 422),
    ],
)
def test_a_direct_upload_is_refused_before_it_is_sent(
    api: Api, fields: dict[str, Any], status: int
) -> None:
    answer = announce(api, **fields)
    assert answer.status == status
    assert listed(api) == []


@pytest.mark.parametrize(
    ("kind", "claim", "body", "found"),
    [
        ("csv", "text/comma-separated-values", SHEET, "text/csv"),
        ("csv", "application/vnd.ms-excel", SHEET, "text/csv"),
        ("csv", "", SHEET, "text/csv"),
        ("product", "image/jpg", JPEG, "image/jpeg"),
        ("product", "", PNG, "image/png"),
    ],
)
def test_types_of_phones_and_windows_are_taken_by_content(
    api: Api, services: Deployment, kind: str, claim: str, body: bytes, found: str
) -> None:
    answer = announce(api, kind=kind, contentType=claim, size=len(body))
    assert answer.status == 201, answer.body
    upload_id = answer.json()["file"]["id"]
    arrive(services, upload_id, body)
    assert [(each.id, each.status) for each in listed(api)] == [(upload_id, "ready")]
    stored = services.media.head(f"uploads/{upload_id}")
    assert stored is not None
    assert stored.content_type == found


def test_every_invalid_field_is_listed(api: Api) -> None:
    answer = announce(api, kind="other", filename="", contentType=None, size=-1)
    fields = {each["field"] for each in answer.json()["details"]}
    assert fields == {"kind", "filename", "contentType", "size"}


def test_list_shows_own_uploads_newest_first(api: Api) -> None:
    ids = [announce(api).json()["file"]["id"] for _ in range(3)]
    image = send(api, PNG).json()["file"]["id"]
    assert {upload.id for upload in listed(api)} == {*ids, image}
    assert [upload.id for upload in listed(api, "?kind=product")] == [image]
    assert listed(api.as_owner("bob")) == []
    assert api.get("/api/uploads?kind=logo").status == 400
    assert api.get("/api/uploads?limit=101").status == 400


def test_the_list_comes_in_pages(api: Api) -> None:
    for _ in range(5):
        announce(api)
    seen, cursor = [], ""
    for _ in range(3):
        page = api.get(f"/api/uploads?limit=2&cursor={cursor}").json()
        seen += [each["id"] for each in page["items"]]
        cursor = page["nextCursor"]
    assert cursor is None
    assert len(set(seen)) == 5


def test_the_same_key_and_content_is_the_same_upload(api: Api, services: Deployment) -> None:
    headers = {"Idempotency-Key": "once"}
    first = send(api, PNG, headers=headers).json()["file"]["id"]
    assert send(api, PNG, headers=headers).json()["file"]["id"] == first
    assert send(api, PNG + b"\0", headers=headers).status == 422
    assert len(listed(api)) == 1


def test_a_repeated_announcement_gives_a_form_that_still_works(
    api: Api, services: Deployment
) -> None:
    wanted = {"kind": "csv", "filename": "a.csv", "contentType": "text/csv", "size": 100}
    headers = {"Idempotency-Key": "once"}
    first = api.post("/api/uploads", json=wanted, headers=headers).json()
    arrive(services, first["file"]["id"], SHEET)
    again = api.post("/api/uploads", json=wanted, headers=headers).json()
    assert (again["file"]["id"], again["file"]["status"]) == (first["file"]["id"], "ready")
    assert again["upload"]["fields"]["key"] == first["upload"]["fields"]["key"]


def test_a_refused_request_does_not_use_the_key_up(api: Api) -> None:
    headers = {"Idempotency-Key": "once"}
    assert send(api, SVG, headers=headers).status == 415
    assert send(api, PNG, headers=headers).status == 201


@pytest.mark.slow
def test_an_uploaded_sheet_becomes_a_batch(api: Api, services: Deployment) -> None:
    made = announce(api, size=4_500_000).json()["file"]["id"]
    wanted = {"uploadId": made, "name": "Large"}
    checking = api.post("/api/car-batch", json=wanted)
    assert (checking.status, checking.headers["retry-after"]) == (409, "2")
    arrive(services, made, SHEET + b"\n" * 4_400_000)
    answer = api.post("/api/car-batch", json=wanted)
    assert (answer.status, answer.json()["total"]) == (202, 1)


@pytest.mark.slow
def test_an_uploaded_sheet_over_5_mb_is_413(api: Api, services: Deployment) -> None:
    made = announce(api, size=6_000_000).json()["file"]["id"]
    arrive(services, made, SHEET + b"\n" * 5_000_000)
    assert api.post("/api/car-batch", json={"uploadId": made}).status == 413


def test_foreign_or_non_sheet_upload_is_not_found(api: Api, services: Deployment) -> None:
    image = send(api, PNG).json()["file"]["id"]
    foreign = send(api.as_owner("bob"), SHEET, "b.csv", "csv").json()["file"]["id"]
    answers_ = [
        api.post("/api/car-batch", json={"uploadId": each}) for each in (image, foreign, "none")
    ]
    assert {(each.status, each.body) for each in answers_} == {(404, answers_[0].body)}


@pytest.mark.parametrize("wanted", [{}, {"uploadId": ""}, {"uploadId": 7}])
def test_a_batch_without_an_upload_id_has_no_sheet(api: Api, wanted: dict[str, Any]) -> None:
    answer = api.post("/api/car-batch", json=wanted)
    assert (answer.status, answer.json()["error"]) == (400, "CSV file is required")
