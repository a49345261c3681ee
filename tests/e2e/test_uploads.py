"""Files straight to the bucket on the deployed template: S3 enforces, IntakeFunction checks."""

import time
import zlib
from typing import Any

import httpx
import pytest

from testing.batches import finished, sheet
from tests.conftest import Aws, Stack
from tests.intake.test_uploads import PNG, SVG

LARGEST = 20 * 1024 * 1024
SECONDS = 60


def png(size: int) -> bytes:
    """A PNG of exactly so many bytes, padded with a chunk that every reader skips."""
    end = PNG[-12:]
    padding = b"\0" * (size - len(PNG) - 12)
    chunk = len(padding).to_bytes(4) + b"paDd" + padding
    return PNG[:-12] + chunk + zlib.crc32(chunk[4:]).to_bytes(4) + end


def announce(api: httpx.Client, size: int, **fields: str) -> dict[str, Any]:
    wanted = {"kind": "product", "filename": "a.png", "contentType": "image/png", **fields}
    answer = api.post("/api/uploads", json={**wanted, "size": size})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def post(made: dict[str, Any], body: bytes, **fields: str) -> int:
    """What a browser does with the form; S3's status."""
    form = {**made["upload"]["fields"], **fields}
    files = {"file": ("a.png", body, form["Content-Type"])}
    return httpx.post(made["upload"]["url"], data=form, files=files, timeout=60).status_code


def checked(api: httpx.Client, made: dict[str, Any]) -> dict[str, Any]:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        items = api.get("/api/uploads", params={"limit": 100}).json()["items"]
        found: dict[str, Any] = next(each for each in items if each["id"] == made["file"]["id"])
        if found["status"] != "checking":
            return found
        time.sleep(0.25)
    raise AssertionError(f"not checked after {SECONDS} s")


def test_20_mb_go_straight_to_the_bucket(api: httpx.Client) -> None:
    body = png(LARGEST)
    made = announce(api, LARGEST)
    assert (made["file"]["status"], made["file"]["url"]) == ("checking", None)
    assert post(made, body) == 204
    found = checked(api, made)
    assert found["status"] == "ready"
    answer = httpx.get(found["url"], timeout=60)
    assert answer.headers["content-type"] == "image/png"
    assert answer.content == body


def test_21_mb_are_refused_by_s3(api: httpx.Client) -> None:
    made = announce(api, LARGEST)
    assert post(made, png(21 * 1000 * 1000)) == 400
    assert api.post(
        "/api/uploads",
        json={
            "kind": "product",
            "filename": "a.png",
            "contentType": "image/png",
            "size": 21_000_000,
        },
    ).status_code == 413  # fmt: skip


@pytest.mark.parametrize(
    "fields", [{"Content-Type": "text/html"}, {"key": "uploads/somebody-elses"}]
)
def test_s3_takes_no_other_type_and_no_other_key(api: httpx.Client, fields: dict[str, str]) -> None:
    made = announce(api, len(PNG))
    assert post(made, PNG, **fields) == 403


def test_upload_of_wrong_type_is_rejected_on_arrival(
    api: httpx.Client, stack: Stack, aws: Aws
) -> None:
    made = announce(api, len(SVG))
    assert post(made, SVG) == 204
    found = checked(api, made)
    assert (found["status"], found["url"]) == ("rejected", None)
    assert found["reason"] == "The file is not a PNG, JPEG or WebP image."
    kept = aws("s3").list_objects_v2(Bucket=stack["bucket"], Prefix="uploads/")
    assert not [each for each in kept.get("Contents", []) if made["file"]["id"] in each["Key"]]


def test_ready_upload_cannot_be_replaced(api: httpx.Client, stack: Stack, aws: Aws) -> None:
    made = announce(api, 10_000)
    assert post(made, PNG) == 204
    found = checked(api, made)
    assert post(made, SVG) == 204
    client, incoming = aws("s3"), f"uploads/incoming/{made['file']['id']}"
    until = time.monotonic() + SECONDS
    while client.list_objects_v2(Bucket=stack["bucket"], Prefix=incoming)["KeyCount"]:
        assert time.monotonic() < until
        time.sleep(0.25)
    assert httpx.get(found["url"]).content == PNG
    assert checked(api, made)["status"] == "ready"


def test_a_sheet_over_the_body_limit_becomes_a_batch(api: httpx.Client) -> None:
    body = (sheet("Large A", "Large B") + "\n" * 4_400_000).encode()
    made = announce(api, len(body), kind="csv", filename="cars.csv", contentType="text/csv")
    assert post(made, body) == 204
    assert checked(api, made)["status"] == "ready"
    answer = api.post("/api/car-batch", json={"uploadId": made["file"]["id"], "name": "Large"})
    assert answer.status_code == 202, answer.text
    assert finished(api, answer.json()["jobId"])["done"] == 2


def test_a_file_in_the_request_is_ready_at_once(api: httpx.Client) -> None:
    answer = api.post(
        "/api/uploads", files={"file": ("b.jpg", PNG, "image/jpeg")}, data={"kind": "product"}
    )
    assert answer.status_code == 201, answer.text
    file = answer.json()["file"]
    assert (file["status"], file["originalName"]) == ("ready", "b.jpg")
    assert httpx.get(file["url"]).content == PNG
