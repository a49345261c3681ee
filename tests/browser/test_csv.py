"""A sheet becomes a ZIP of images, as a person sees it."""

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from testing.fake_providers import FakeProviders
from tests.browser.steps import (
    STILL,
    Shot,
    cars,
    choose,
    drop,
    finished,
    images,
    sheet,
    shifted,
    start,
    submit,
)
from tests.conftest import Stack


def test_dropped_sheet_runs_from_preview_to_download(
    live_page: Page, provider: FakeProviders, shot: Shot, tmp_path: Path
) -> None:
    page = live_page
    page.goto("/")
    expect(page.get_by_text("Upload CSV (max 50 rows) with columns")).to_be_visible()
    shot(page, "1-start")
    drop(page, sheet(*cars(12)))
    rows = page.locator("table.sheet tbody tr:not(.made)")
    expect(rows).to_have_count(10)
    expect(page.get_by_role("heading", name="10 of 12 rows")).to_be_visible()
    expect(rows.first.get_by_role("rowheader")).to_have_text("2")
    expect(page.get_by_test_id("images")).to_have_text("12")
    expect(page.get_by_test_id("price")).to_have_text("$0.403")
    page.get_by_label("Name").fill("Spring")
    shot(page, "2-sheet")

    with provider.holding("Model 12"):
        batch = start(page)
        expect(page.get_by_role("heading", level=1)).to_have_text("Spring")
        expect(images(page).first).to_be_visible()
        expect(page.locator(".tile-waiting").first).to_be_visible()
        expect(page.get_by_role("button", name="Download ZIP")).to_be_disabled()
        shot(page, "3-progress")

    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Spring")
    assert page.url.endswith(f"/batches/{batch}")
    link = finished(page)
    expect(images(page)).to_have_count(12)
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "100")
    expect(page.get_by_role("status").filter(has_text="All 12 images made")).to_be_visible()
    assert shifted(page) < STILL
    shot(page, "4-finished")

    with page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == "Spring.zip"
    download.value.save_as(tmp_path / "batch.zip")
    with zipfile.ZipFile(tmp_path / "batch.zip") as archive:
        assert archive.testzip() is None
        pictures = [name for name in archive.namelist() if name.startswith("Ford-Model_")]
        assert len(pictures) == 12
        for name in pictures:
            Image.open(io.BytesIO(archive.read(name))).verify()
        assert "failed_rows.json" not in archive.namelist()


def test_unknown_column_and_invalid_value_are_marked(page: Page, shot: Shot) -> None:
    header = "make,model,background,aspect_ratio,dealer"
    page.goto("/csv")
    rows = ["Ford,Model 1,garage,1:1,A", "Ford,Model 2,hub,2:1,B", "Ford,Model 3,white,16:9,C"]
    choose(page, sheet(*rows, header=header))
    expect(page.get_by_role("columnheader", name="dealer")).to_contain_text("not used")
    cells = page.locator("table.sheet td.wrong")
    expect(cells).to_have_count(2)
    expect(cells.nth(0)).to_contain_text("must be one of white, hub")
    expect(cells.nth(1)).to_contain_text("must be one of 1:1, 16:9, 9:16, 4:3, 3:4")
    expect(page.get_by_test_id("images")).to_have_text("1")
    expect(page.get_by_test_id("price")).to_have_text("$0.035")
    button = page.get_by_role("button", name="Start Batch")
    expect(button).to_be_disabled()
    expect(page.get_by_text("Correct the marked cells, or skip those rows.")).to_be_visible()
    shot(page, "marked")

    page.get_by_label("Skip these 2 rows").check()
    expect(button).to_be_enabled()


def test_a_sheet_over_the_row_limit_cannot_be_started(
    page: Page, shot: Shot, expected: list[str]
) -> None:
    expected.append("status of 400")
    page.goto("/")
    choose(page, sheet(*cars(55)))
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Row limit exceeded (max 50)")
    expect(alert).to_contain_text("55 rows")
    expect(page.get_by_role("button", name="Start Batch")).to_have_count(0)
    shot(page, "too-many")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("cars.xlsx", "PK\x03\x04", "a ZIP archive"),
        ("cars.csv", "", "cars.csv is empty"),
        ("cars.csv", "x" * 5_000_001, "the limit is 5 MB"),
        ("cars.csv", "make,model\nFord,Ka,1\n", "Malformed CSV"),
        ("cars.csv", "make,model\n", "No data rows found"),
    ],
    ids=["no-workbook", "empty", "over-5-mb", "ragged", "header-only"],
)
def test_unusable_file_is_rejected_with_a_message(
    page: Page, expected: list[str], name: str, text: str, words: str
) -> None:
    expected.append("status of 4")
    page.goto("/")
    choose(page, text, name)
    expect(page.get_by_role("alert")).to_contain_text(words)


def test_server_error_is_shown_with_its_rows(page: Page, shot: Shot, expected: list[str]) -> None:
    expected.append("status of 400")
    page.goto("/")
    choose(page, sheet("Ford,Model 1,2024,white,1:1", 'Ford,"Model 2,2024,white,1:1'))
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Malformed CSV")
    expect(alert).to_contain_text("Row 3")
    expect(page.get_by_role("button", name="Start Batch")).to_have_count(0)
    shot(page, "refused")


def test_a_lost_connection_is_shown_and_heals(
    live_page: Page, shot: Shot, expected: list[str]
) -> None:
    expected += ["ERR_INTERNET_DISCONNECTED", "Failed to load resource: net::"]
    page = live_page
    submit(page, *cars(12), name="Tunnel")
    expect(images(page).first).to_be_visible()
    page.context.set_offline(True)
    expect(page.get_by_text("Connection lost.")).to_be_visible(timeout=40_000)
    shot(page, "lost")
    page.context.set_offline(False)
    expect(page.get_by_text("Connection lost.")).to_have_count(0)
    finished(page)
    expect(images(page)).to_have_count(12)


def test_retried_start_creates_no_second_batch(
    page: Page, stack: Stack, expected: list[str]
) -> None:
    expected.append("ERR_FAILED")
    keys: list[str] = []
    page.goto("/")
    choose(page, sheet(*cars(2)))
    expect(page.get_by_test_id("price")).to_contain_text("$")

    def lose_the_answer(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        route.fetch(url=f"{stack['apiUrl']}/api/car-batch")
        route.abort()

    page.route("**/api/car-batch", lose_the_answer, times=1)
    page.get_by_role("button", name="Start Batch").click()
    expect(page.get_by_role("alert")).to_contain_text("The server cannot be reached")
    with page.expect_request("**/api/car-batch") as again:
        batch = start(page)
    assert again.value.headers["idempotency-key"] == keys[0]
    page.goto("/batches")
    expect(page.locator(f'a[href="/batches/{batch}"]')).to_have_count(1)


def test_failed_rows_are_listed_handed_back_and_tried_again(
    live_page: Page, provider: FakeProviders, shot: Shot
) -> None:
    provider.script("422", prompt="Edsel", text="the prompt is not allowed", times=1)
    page = live_page
    submit(page, "Ford,Edsel,1958,white,1:1", "Ford,Model 2,2024,hub,16:9", name="Classics")
    finished(page)
    expect(page.locator(".tile-failed")).to_contain_text("the prompt is not allowed")
    shot(page, "one-failed")

    with page.context.expect_page() as opened, page.expect_download() as report:
        page.get_by_role("link", name="1 row failed").click()
    _ = opened
    listed = json.loads(report.value.path().read_text())
    assert [(one["row"], one["custom_id"]) for one in listed] == [(2, "row-0002")]

    with page.expect_download() as file:
        page.get_by_text("Download failed rows (CSV)").click()
    rows = list(csv.DictReader(file.value.path().read_text("utf-8-sig").splitlines()))
    assert [(row["make"], row["model"], row["year"]) for row in rows] == [("Ford", "Edsel", "1958")]

    page.get_by_role("button", name="Retry failed").click()
    expect(page.get_by_text("round 2")).to_be_visible()
    expect(page.locator(".tile-failed")).to_have_count(0)
    finished(page)
    expect(images(page)).to_have_count(2)
    expect(page.get_by_role("button", name="Retry failed")).to_have_count(0)
