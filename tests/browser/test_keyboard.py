"""Each journey with the keyboard alone; the cars' is in test_everywhere, Review in test_review."""

import re

from playwright.sync_api import Page, expect

from tests.browser.steps import cars, finished, images, submit, walk_to
from tests.browser.test_importer import GERMAN, give
from tests.browser.test_variants import imported

WATCH_HEADING = """new MutationObserver(() => {
  const heading = document.querySelector("h1");
  if (heading?.textContent === "Focused")
    window.focusedAtOnce ??= document.activeElement === heading;
}).observe(document.body, {childList: true, subtree: true})"""
"""Notes whether the heading has the focus in the same turn as it is there."""


def press(page: Page, name: str, key: str = "Enter") -> None:
    walk_to(page, name)
    page.keyboard.press(key)


def test_sheet_is_repaired_and_started_by_keys(page: Page) -> None:
    page.goto("/csv")
    give(page, "Frühling.csv", GERMAN.replace("\n", "\r\n").encode("cp1252"))
    expect(page.get_by_role("heading", name="3 cells to correct")).to_be_visible()
    press(page, "Row 2, background: use white")
    expect(page.get_by_role("heading", name="2 cells to correct")).to_be_visible()
    press(page, "Apply all 2 suggestions")
    expect(page.get_by_role("button", name="Start Batch")).to_be_enabled()
    walk_to(page, "Row 2, make")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("textbox", name="Row 3, make")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("Bayer")
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("^Bayer-Isetta"))).to_be_visible()
    expect(page.get_by_role("button", name="Start Batch")).to_be_enabled()
    press(page, "Start Batch")
    finished(page)
    expect(images(page)).to_have_count(3)


def test_prompts_are_written_and_started_by_keys(page: Page) -> None:
    page.goto("/prompts")
    walk_to(page, "Prompt 1")
    page.keyboard.type("a red bicycle")
    press(page, "Add a prompt")
    expect(page.get_by_label("Prompt 2", exact=True)).to_be_focused()
    page.keyboard.type("a blue kettle")
    expect(page.get_by_test_id("images")).to_have_text("2")
    expect(page.get_by_role("button", name="Start Batch")).to_be_enabled()
    press(page, "Start Batch")
    finished(page)
    expect(images(page)).to_have_count(2)


def test_variants_are_chosen_and_started_by_keys(page: Page) -> None:
    imported(page)
    walk_to(page, "Linen / White")
    page.keyboard.press("Space")
    press(page, "Next")
    expect(page.get_by_text("1 of 4 chosen")).to_be_visible()
    press(page, "Next")
    walk_to(page, "Images per variant")
    page.keyboard.press("ArrowUp")
    press(page, "Next")
    expect(page.get_by_test_id("images")).to_have_text("2")
    expect(page.get_by_role("button", name="Start Batch")).to_be_enabled()
    press(page, "Start Batch")
    finished(page)
    expect(images(page)).to_have_count(2)


def test_library_is_used_by_keys(page: Page) -> None:
    submit(page, *cars(1), name="Keys first")
    finished(page)
    page.goto("/batches")
    walk_to(page, "Find a batch")
    page.keyboard.type("keys")
    expect(page.locator(".batches > li")).to_have_count(1)
    press(page, "Keys first")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    press(page, "More for Keys first")
    press(page, "Rename")
    expect(page.get_by_role("textbox", name="Name")).to_be_focused()
    page.keyboard.type("Keys second")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Keys second")
    press(page, "More for Keys second")
    press(page, "Share")
    press(page, "Create link")
    expect(page.get_by_role("button", name="Revoke")).to_be_visible()
    press(page, "Revoke")
    expect(page.get_by_role("button", name="Revoke")).to_have_count(0)
    page.keyboard.press("Escape")
    press(page, "More for Keys second")
    press(page, "Run again with changes")
    expect(page.get_by_test_id("images")).to_have_text("1")
    page.go_back()
    press(page, "More for Keys second")
    press(page, "Delete")
    press(page, "Delete")
    expect(page.get_by_role("link", name="Keys second")).to_have_count(0)


def test_heading_takes_the_focus_only_as_it_appears(page: Page) -> None:
    """Later it would close a menu that somebody has opened in the meantime."""
    submit(page, *cars(1), name="Focused")
    page.goto("/batches")
    page.evaluate(WATCH_HEADING)
    page.get_by_role("link", name="Focused", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Focused")
    assert page.evaluate("window.focusedAtOnce") is True


def test_samples_become_images_by_keys(page: Page) -> None:
    page.goto("/")
    press(page, "Try 3 sample cars")
    expect(page.get_by_role("button", name="Start Batch")).to_be_enabled()
    press(page, "Start Batch")
    finished(page)
    expect(images(page)).to_have_count(3)
