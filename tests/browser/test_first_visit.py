"""What the page does for a person besides the sheet: samples, marks, word of the end."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from testing.fake_providers import FakeProviders
from tests.browser.steps import assert_sound, cars, finished, images, seen_first_on, start, submit

RECORD = """
window.told = [];
window.Notification = class extends Notification {
  // Headless Chromium has nobody to ask, and says "denied" until a permission is granted.
  static permission = "default";
  static async requestPermission() {
    return (this.permission = await super.requestPermission());
  }
  constructor(title, options) {
    super(title, options);
    window.told.push({title, body: options.body});
  }
};
"""


@seen_first_on("phone-dark")
def test_sample_cars_are_tried_from_the_first_screen(screen: Page) -> None:
    page = screen
    page.goto("/")
    expect(page.locator(".samples img")).to_have_count(3)
    expect(page.get_by_role("link", name="API docs")).to_have_attribute("href", "/docs")

    page.get_by_role("button", name="Try 3 sample cars").click()

    expect(page.get_by_test_id("images")).to_have_text("3")
    expect(page.get_by_text("Toyota-Corolla-2024").first).to_be_visible()
    assert_sound(page)
    start(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("3 sample cars")
    finished(page)
    expect(images(page)).to_have_count(3)


def test_person_who_looks_elsewhere_is_notified_of_the_end(
    live_page: Page, provider: FakeProviders, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.script("422", prompt="Studebaker", text="not this one", times=1)
    monkeypatch.setattr(provider, "latency", 4)
    page = live_page
    page.add_init_script(RECORD)
    submit(page, "Ford,Studebaker,1958,white,1:1", *cars(2), name="Told")
    notify = page.get_by_role("button", name="Notify me")
    expect(notify).to_be_visible()
    page.context.grant_permissions(["notifications"])
    notify.click()
    expect(notify).to_have_count(0)
    page.evaluate("Object.defineProperty(document, 'hidden', {get: () => true})")

    finished(page)

    told: list[dict[str, Any]] = page.evaluate("window.told")
    assert told == [{"title": "Told", "body": "2 of 3 images made."}]


def test_marked_images_are_made_again_in_one_round(
    live_page: Page, provider: FakeProviders
) -> None:
    page = live_page
    submit(page, "Ford,Capri,1969,white,1:1", "Ford,Escort,1970,hub,1:1", *cars(1), name="Twice")
    finished(page)
    page.locator("[data-at='0'] .tile-box").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("m")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("m")
    page.keyboard.press("Escape")

    page.get_by_role("button", name="Make marked again").click()
    page.get_by_label("Note for all of them").fill("in the rain")
    dialog = page.get_by_role("dialog", name="Make 2 images again")
    expect(dialog.get_by_role("button", name="Make again (about $0.067)")).to_be_visible()
    assert_sound(page)
    dialog.get_by_role("button", name="Make again").click()

    expect(page.get_by_text("round 2")).to_be_visible()
    expect(page.get_by_role("button", name="Make marked again")).to_have_count(0)
    finished(page)
    page.get_by_role("button", name="Made again").click()
    expect(images(page)).to_have_count(2)
    noted = [one.prompt for one in provider.creates("Capri|Escort") if "rain" in one.prompt]
    assert len(noted) == 2
