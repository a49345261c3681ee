"""A sheet of cars on the deployed template, live through a server that speaks Replicate's API."""

import csv
import hashlib
import io
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from imagebatch_cli.responses import camel_case
from imagebatch_cli.verification import differences_to_service, verify
from testing.batches import archive, finished, images, run, sheet, started, status, submit
from testing.fake_providers import FakeProviders
from testing.scenario import until

INTERRUPTED = "Prediction interrupted; please retry (code: PA)"


def test_three_rows_become_three_images_in_the_archive(
    live: httpx.Client, fake: FakeProviders
) -> None:
    found = run(live, sheet("Three A", "Three B", "Three C"), name="Three cars")
    assert (found["status"], found["outcome"], found["mode"]) == (
        "completed",
        "all_succeeded",
        "live",
    )
    assert found["cost"]["actual"] == found["cost"]["committed"] == "0.1008"
    opened = archive(found)
    names = ["Volvo-Three_A-2024-white", "Volvo-Three_B-2024-white", "Volvo-Three_C-2024-white"]
    assert [name.rsplit(".", 1)[0] for name in images(opened)] == names
    assert {"results.csv", "index.html"} <= set(opened.namelist())
    results = list(csv.DictReader(io.StringIO(opened.read("results.csv").decode("utf-8-sig"))))
    assert [row["status"] for row in results] == ["succeeded"] * 3
    assert [row["cost"] for row in results] == ["0.0336"] * 3
    (create,) = fake.creates("Three A")
    assert create.model == "google/nano-banana-2.1"
    assert create.input == {
        "prompt": create.prompt,
        "aspect_ratio": "1:1",
        "resolution": "1K",
        "output_format": "png",
    }


def test_images_have_thumbnails_and_an_archive_that_verifies(
    live: httpx.Client, tmp_path: Path
) -> None:
    found = run(live, sheet("Marked A", "Marked B"))
    listed = live.get(f"/api/v1/batch/{found['jobId']}/status").json()["items"]
    for item in listed:
        small, whole = httpx.get(item["thumbnail_url"]), httpx.get(item["url"])
        assert (small.status_code, small.headers["content-type"]) == (200, "image/webp")
        assert len(small.content) < len(whole.content)
        assert hashlib.sha256(whole.content).hexdigest() == item["sha256"]
        assert item["ai_mark"] == "xmp"
    path = tmp_path / "cars.zip"
    path.write_bytes(httpx.get(found["zipUrl"]).content)
    checked = verify(path)
    assert checked.document()["markedByUs"] == 2
    items = camel_case({"items": listed})["items"]
    assert [*checked.findings, *differences_to_service(checked.entries, items)] == []


def test_refused_row_fails_and_the_batch_completes(live: httpx.Client, fake: FakeProviders) -> None:
    rule = fake.script("failed", prompt="Refused B", text="flagged as sensitive (E005)")
    found = run(live, sheet("Refused A", "Refused B", "Refused C"))
    assert (found["status"], found["outcome"]) == ("completed", "partial")
    assert (found["done"], found["failed"]) == (2, 1)
    opened = archive(found)
    assert len(images(opened)) == 2
    (row,) = json.loads(opened.read("failed_rows.json"))
    assert (row["row"], row["code"], row["retryable"]) == (3, "content_refused", False)
    assert json.loads(httpx.get(found["failedRowsUrl"]).content) == [row]
    assert fake.fired(rule) == 1
    again = opened.read("failed_rows.csv")
    assert submit(live, again, dryRun="true").json()["total"] == 1


@pytest.mark.parametrize("fault", ["500", "cut_before"])
def test_a_passing_fault_is_tried_once_more_and_succeeds(
    live: httpx.Client, fake: FakeProviders, fault: str
) -> None:
    model = f"Passing {fault}"
    rule = fake.script(fault, prompt=model, times=1)
    found = run(live, sheet(model))
    assert (found["outcome"], fake.fired(rule)) == ("all_succeeded", 1)
    assert len(fake.creates(model)) == 2
    assert len(fake.billed(model)) == 1


def test_response_is_immediate_and_concurrency_at_most_three(
    live: httpx.Client, fake: FakeProviders
) -> None:
    fake.latency, fake.ledger.high_water = 0.5, 0
    try:
        with fake.holding():
            batch = started(live, sheet(*(f"Parallel {n}" for n in range(9))))
            until("three are being made", lambda: len(fake.billed("Parallel")) == 3)
        found = finished(live, batch)
    finally:
        fake.latency = 0.0
    assert found["outcome"] == "all_succeeded"
    assert fake.ledger.high_water == 3
    assert len(fake.creates("Parallel")) == 9


def test_two_equal_rows_are_two_images(live: httpx.Client, fake: FakeProviders) -> None:
    found = run(live, sheet("Twin", "Twin"))
    assert len(set(images(archive(found)))) == 2
    assert len(fake.creates("Twin")) == 2


def test_no_cell_can_produce_an_unsafe_name(live: httpx.Client) -> None:
    hostile = ["../../etc/passwd", "..\\x", "/abs", "C:\\x", "con", "a/b", "dot. ", "é" * 100]
    opened = archive(run(live, sheet(*hostile, "\u202egnp.exe", "A", "a")))
    names = opened.namelist()
    assert len(images(opened)) == 11
    assert len({name.casefold() for name in names}) == len(names)
    for name in names:
        assert not set(name) & set('/\\:*?"<>|\u202e')
        assert ".." not in name
        assert len(name.encode()) <= 100


def test_concurrent_submits_with_one_key_create_one_batch(live: httpx.Client) -> None:
    def send(_: int) -> httpx.Response:
        files = {"file": ("cars.csv", sheet("IdempotentExecutor").encode(), "text/csv")}
        return live.post("/api/car-batch", files=files, headers={"Idempotency-Key": "at-once"})

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, range(4)))
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert len({a.json()["jobId"] for a in answers if a.status_code == 202}) == 1
    assert send(0).status_code == 202


def test_cancelled_batch_keeps_finished_images(live: httpx.Client, fake: FakeProviders) -> None:
    fake.script("never", prompt="Cancel [1-9]")
    batch = started(live, sheet(*(f"Cancel {n}" for n in range(12))))

    def is_under_way() -> bool:
        found = status(live, batch)
        return bool(found["done"] and found["processing"])

    until("one is done and another is being made", is_under_way)
    answer = live.post(f"/api/v1/batch/{batch}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (202, "cancelling")
    found = finished(live, batch)
    assert found["status"] == "cancelled"
    assert (found["done"], found["cancelled"]) == (1, 11)
    assert len(images(archive(found))) == found["done"]


def test_what_failed_is_retried_and_the_archive_is_whole(
    live: httpx.Client, fake: FakeProviders
) -> None:
    rule = fake.script("failed", prompt="Retry B", times=2, text=INTERRUPTED)
    found = run(live, sheet("Retry A", "Retry B"))
    assert (found["outcome"], found["errors"][0]["code"]) == ("partial", "provider_unavailable")
    first = found["zipUrl"]
    answer = live.post(f"/api/batches/{found['jobId']}/retry")
    assert (answer.status_code, answer.json()["round"]) == (202, 2)
    found = finished(live, found["jobId"])
    assert (found["outcome"], found["round"], fake.fired(rule)) == ("all_succeeded", 2, 2)
    assert len(images(archive(found))) == 2
    assert first.split("?")[0] != found["zipUrl"].split("?")[0]
    assert len(fake.billed("Retry A")) == 1


def test_download_route_names_the_archive_after_the_batch(live: httpx.Client) -> None:
    found = run(live, sheet("Download"), name="Frühling hub")
    answer = live.get(f"/api/v1/batch/{found['jobId']}/download")
    assert answer.status_code == 302
    told = live.get(str(answer.request.url), headers={"Accept": "application/json"})
    assert (told.status_code, told.json().keys()) == (200, {"url", "expires_at"})
    assert httpx.get(told.json()["url"]).content[:2] == b"PK"
    fetched = httpx.get(answer.headers["location"])
    assert fetched.content[:2] == b"PK"
    assert "Fr%C3%BChling%20hub.zip" in fetched.headers["content-disposition"]


def test_fifty_five_rows_and_a_malformed_sheet_are_refused(api: httpx.Client) -> None:
    many = submit(api, sheet(*(str(n) for n in range(55))))
    assert (many.status_code, many.json()["error"]) == (400, "Row limit exceeded (max 50)")
    malformed = submit(api, sheet("A") + '"open')
    assert (malformed.status_code, malformed.json()["error"]) == (400, "Malformed CSV")
    assert malformed.json()["details"]
