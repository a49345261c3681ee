"""The list of batches, and what can be done from it."""

import re

import httpx
from playwright.sync_api import Page, expect

from testing.fake_providers import FakeProviders
from tests.browser.steps import (
    STILL,
    Shot,
    cars,
    finished,
    forget_shifts,
    images,
    shifted,
    submit,
)
from tests.conftest import Stack


def test_running_batch_is_followed_and_cancelled_in_the_list(live_page: Page, shot: Shot) -> None:
    page = live_page
    submit(page, *cars(30), name="Stopped")
    expect(images(page).first).to_be_visible()
    page.get_by_role("link", name="Batches").click()
    line = page.get_by_role("listitem").filter(has_text="Stopped").first
    expect(line).to_be_visible()
    forget_shifts(page)
    bar = line.get_by_role("progressbar")
    before = int(bar.get_attribute("aria-valuenow") or 0)
    expect(line).to_contain_text("Processing")
    shot(page, "running")
    expect(bar).not_to_have_attribute("aria-valuenow", str(before))
    line.get_by_role("button", name="Cancel").click()
    expect(line).to_contain_text("Cancelled")
    expect(line.get_by_role("link", name="Download ZIP")).to_be_visible()
    assert shifted(page) < STILL
    line.get_by_role("link", name="Stopped").click()
    expect(page.locator(".tile-cancelled").first).to_be_visible()
    page.get_by_text("finished").click()
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "100")
    shot(page, "cancelled")


def test_what_failed_is_tried_again_from_the_list(live_page: Page, provider: FakeProviders) -> None:
    provider.script("422", prompt="Pinto", text="not this one", times=1)
    page = live_page
    submit(page, "Ford,Pinto,1971,white,1:1", "Ford,Model 2,2024,hub,16:9", name="Again")
    page.goto("/batches")
    line = page.get_by_role("listitem").filter(has_text="Again").first
    expect(line).to_contain_text("1 failed")
    line.get_by_role("button", name="Retry failed").click()
    expect(line).not_to_contain_text("1 failed")
    expect(line).to_contain_text("Completed")


def test_the_newest_batch_is_first_with_what_it_cost(page: Page) -> None:
    for name in ("Older", "Newer"):
        submit(page, *cars(1), name=name)
    page.goto("/batches")
    lines = page.locator(".batches > li")
    expect(lines.nth(0)).to_contain_text("Newer")
    expect(lines.nth(1)).to_contain_text("Older")
    expect(lines.nth(0)).to_contain_text("Nothing charged")


def test_a_watcher_who_is_refused_live_events_polls(live_page: Page, expected: list[str]) -> None:
    expected.append("status of 503")
    page = live_page
    page.route("**/progress", lambda route: route.fulfill(status=503, json={"message": "busy"}))
    submit(page, *cars(4), name="Polled")
    expect(images(page)).to_have_count(4, timeout=60_000)
    expect(page.get_by_role("link", name="Download ZIP")).to_be_visible()
    expect(page.get_by_text("Connection lost.")).to_have_count(0)


def test_a_finished_tab_follows_a_retry_from_elsewhere(
    live_page: Page, live: Stack, provider: FakeProviders
) -> None:
    provider.script("422", prompt="Corvair", text="not this one", times=1)
    page = live_page
    batch = submit(page, "Ford,Corvair,1961,white,1:1", "Ford,Model 2,2024,hub,16:9", name="Tab")
    finished(page)
    expect(page).to_have_title(re.compile("^! Tab"))
    expect(page.locator("link[rel=icon]")).to_have_attribute("href", "/favicon-done.svg")

    answer = httpx.post(f"{live['apiUrl']}/api/batches/{batch}/retry", timeout=30)

    assert answer.status_code == 202
    expect(page.get_by_text("round 2")).to_be_visible()
    expect(images(page)).to_have_count(2)
    expect(page).to_have_title(re.compile("^✓ Tab"))
