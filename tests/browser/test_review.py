"""A batch is looked through, images are made again and chosen, and the ZIP follows."""

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from testing.fake_providers import FakeProviders
from tests.browser.conftest import PATIENCE
from tests.browser.mocks import answer_for_many
from tests.browser.steps import (
    Shot,
    assert_sound,
    cars,
    finished,
    forget_shifts,
    images,
    seen_first_on,
    sign_in,
    submit,
    walk_to,
)
from tests.conftest import Stack

PORTRAIT = "Ford,Model 3,2024,white,9:16"
TWELVE = [*cars(2), PORTRAIT, *cars(12)[3:]]


def large(page: Page) -> Locator:
    return page.get_by_role("dialog", name=re.compile("^Review:"))


def prompt(page: Page) -> Locator:
    return large(page).get_by_role("region", name="Prompt")


def assert_whole(image: Locator, ratio: float) -> None:
    """The file has this ratio, and all of it is seen: nothing is cut off by its tile."""
    expect(image).to_have_js_property("complete", True)
    natural, fit = image.evaluate(
        "i => [i.naturalWidth / i.naturalHeight, getComputedStyle(i).objectFit]"
    )
    inner, outer = image.bounding_box(), image.locator("..").bounding_box()
    assert natural == pytest.approx(ratio, abs=0.03)
    assert fit == "contain"
    assert inner == outer


@seen_first_on("desktop-light")
def test_twelve_rows_are_reviewed_by_keys_alone(
    screen: Page, provider: FakeProviders, shot: Shot, tmp_path: Path
) -> None:
    provider.script("422", prompt="Model 7", text="the prompt is not allowed", times=1)
    page = screen
    known = len(provider.creates(r"Ford Model"))
    batch = submit(page, *TWELVE, name="Reviewed")
    finished(page)
    expect(images(page)).to_have_count(11)
    assert_whole(page.locator("[data-at='2'] img"), 9 / 16)
    page.goto(f"/batches/{batch}")
    expect(images(page)).to_have_count(11)

    walk_to(page, "Review")
    page.keyboard.press("Enter")
    expect(large(page)).to_have_accessible_name("Review: Ford Model 1 2024")
    for number in range(2, 13):
        page.keyboard.press("ArrowRight")
        expect(large(page)).to_have_accessible_name(f"Review: Ford Model {number} 2024")
    expect(page.get_by_test_id("position")).to_have_text("12 of 12")
    page.keyboard.press("m")
    expect(large(page).get_by_role("button", name="Marked", exact=True)).to_be_visible()
    shot(page, "large")

    page.keyboard.press("r")
    page.keyboard.type("chrome bumpers")
    page.keyboard.press("Enter")
    expect(large(page).get_by_role("heading", name="2 versions")).to_be_visible(
        timeout=2 * PATIENCE
    )
    expect(prompt(page)).to_contain_text("chrome bumpers")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("c")
    expect(large(page).get_by_role("button", name="Version 1 is chosen")).to_be_visible()
    shot(page, "versions")
    page.keyboard.press("Escape")
    expect(large(page)).to_have_count(0)

    with page.expect_download(timeout=3 * PATIENCE) as download:
        walk_to(page, "Rebuild and download ZIP")
        page.keyboard.press("Enter")
    download.value.save_as(tmp_path / "batch.zip")
    with zipfile.ZipFile(tmp_path / "batch.zip") as archive:
        assert archive.testzip() is None
        names = archive.namelist()
    alternates = [name for name in names if name.startswith("alternates/")]
    assert len(alternates) == 1
    assert len([name for name in names if name.startswith("Ford-Model_")]) == 11
    assert len(provider.creates(r"Ford Model")) - known == 13


def test_review_and_library_are_accessible_and_fit(page: Page, shot: Shot) -> None:
    batch = submit(page, *cars(3), name="Looked at")
    finished(page)
    page.goto(f"/batches/{batch}?image=2")
    expect(large(page)).to_have_accessible_name("Review: Ford Model 2 2024")
    expect(prompt(page)).to_be_visible()
    assert_sound(page)
    shot(page, "review")
    page.keyboard.press("Escape")
    page.get_by_label("More for Looked at").click()
    assert_sound(page)
    page.get_by_role("button", name="Share").click()
    page.get_by_role("button", name="Create link").click()
    expect(page.get_by_role("button", name="Revoke")).to_be_visible()
    assert_sound(page)
    shot(page, "share")
    page.goto("/batches")
    expect(page.locator(".line-strip img").first).to_be_visible()
    assert_sound(page)
    shot(page, "library")


def test_a_batch_is_renamed_found_run_again_and_deleted(page: Page) -> None:
    submit(page, *cars(2), name="First title")
    finished(page)
    page.get_by_label("More for First title").click()
    page.get_by_role("button", name="Rename").click()
    page.get_by_role("textbox", name="Name").fill("Second title")
    page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Second title")

    page.goto("/batches")
    page.get_by_label("Find a batch").fill("SECOND TITLE")
    lines = page.locator(".batches > li")
    expect(lines).to_have_count(1)
    lines.first.click(position={"x": 300, "y": 8})
    expect(page.get_by_role("heading", level=1)).to_have_text("Second title")

    page.get_by_label("More for Second title").click()
    page.get_by_role("button", name="Run again with changes").click()
    expect(page.get_by_test_id("images")).to_have_text("2")

    page.goto("/batches")
    page.get_by_label("More for Second title").click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("link", name="Second title")).to_have_count(0)


def test_an_expired_zip_is_built_again(login_page: Page, old_batch: str) -> None:
    page = login_page
    page.goto(f"/batches/{old_batch}")
    sign_in(page)
    build = page.get_by_role("button", name="Build the ZIP again")
    expect(build).to_be_visible(timeout=2 * PATIENCE)
    with page.expect_download(timeout=3 * PATIENCE) as download:
        build.click()
    assert download.value.suggested_filename == "Old.zip"


def test_shared_batch_is_visible_without_account_until_revoked(
    page: Page, stack: Stack, open_context: Callable[..., BrowserContext], expected: list[str]
) -> None:
    expected.append("status of 404")
    submit(page, *cars(2), name="Shown around")
    finished(page)
    page.get_by_label("More for Shown around").click()
    page.get_by_role("button", name="Share").click()
    page.get_by_role("button", name="Create link").click()
    link = page.get_by_label("Link, until").input_value()

    guest = open_context(stack["webUrl"]).new_page()
    sent: list[str] = []
    guest.on("request", lambda request: sent.append(request.url))
    guest.goto(link[link.index("/shared/") :])
    expect(guest.get_by_role("heading", level=1)).to_have_text("Shown around")
    expect(images(guest)).to_have_count(2)
    expect(guest.get_by_role("link", name="Download ZIP")).to_be_visible()
    expect(guest.get_by_role("button", name="Make again")).to_have_count(0)
    assert_sound(guest)
    token = link.partition("#")[2]
    assert token
    assert not any(token in url.partition("#")[0] for url in sent)

    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("button", name="Revoke")).to_have_count(0)
    guest.reload()
    expect(guest.get_by_role("alert")).to_be_visible()


def test_ten_thousand_tiles_are_scrolled_through_a_window(page: Page, stack: Stack) -> None:
    """The images are one batch's, answered by the test: what is real is the page."""
    batch = submit(page, *cars(1), name="Many")
    finished(page)
    page.goto("/batches")
    answer_for_many(page, f"{stack['apiUrl']}/api", batch, 10_000)
    page.goto(f"/batches/{batch}")
    expect(page.locator("[data-at='0']")).to_be_visible()
    forget_shifts(page)
    for at in (0.3, 0.6, 1):
        page.evaluate("at => scrollTo(0, document.body.scrollHeight * at)", at)
        expect(page.locator(".tile-ready").first).to_be_visible()
        assert page.locator(".tile").count() < 150
    expect(page.locator("[data-at='9999']")).to_contain_text("Row 10001")
