"""Every sheet of tests/data/cases through the importer of one open page: what it shows of each.

The page asks where the API refuses a header or an encoding, so a refusal is a question there.
"""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Response, expect

from testing.sheet_cases import CASES, FOLDER, ROWS, SheetCase
from tests.conftest import Stack

GUESSES = {
    "c08b-header-commas": {
        "model (as on the boot lid, mandatory)": "model",
        "color (exterior, without shade, in words)": "color",
    },
    "c14-model-name": {"Model Name": "model"},
    "c16-meta-vehicle-feed": {"exterior_color": "color", "make": "make"},
}
"""What the page proposes for columns that are not known."""
HEADER_ROWS = {"c05a-title-row": "2"}
TEMPLATES = {"c28b-prompt-and-ratio"}
SHOWN = {"make", "model", "year", "color"}
"""The columns whose values are in the prompts."""


@pytest.fixture(scope="module")
def importer(browser: Browser, stack: Stack) -> Iterator[Page]:
    """The importer of cars, opened once."""
    context = browser.new_context(base_url=stack["webUrl"])
    page, wrong = context.new_page(), list[str]()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto("/csv")
    yield page
    context.close()
    assert not wrong


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_sheet_gets_its_verdict_on_the_page(importer: Page, case: SheetCase) -> None:
    page = importer
    reading = choose(page, FOLDER / f"{case.name}.csv")
    if "encoding" in case.options:
        reading = choose_encoding(page, case.options["encoding"])
    if "unknownColumns" in case.options:
        reading = leave_unused(page, "exterior_color")
    if case.error == ROWS:
        assert_cells_to_correct(page, case)
    elif case.error:
        assert_refused(page, case)
    else:
        assert_read(page, case, reading)


def choose(page: Page, file: Path) -> dict[str, Any]:
    with page.expect_response(is_reading) as answer:
        page.locator(".drop input[type=file]").set_input_files(file)
    expect(page.locator(".drop-label")).to_have_text(file.name)
    return document(answer.value)


def is_reading(answer: Response) -> bool:
    return answer.url.endswith("/api/car-batch")


def document(answer: Response) -> dict[str, Any]:
    return dict(answer.json())


def choose_encoding(page: Page, name: str) -> dict[str, Any]:
    expect(page.get_by_role("heading", name="Which encoding is the sheet in?")).to_be_visible()
    offered = page.locator(".encodings em").all_text_contents()
    [meant] = [one for one in offered if codecs.lookup(one).name == codecs.lookup(name).name]
    page.get_by_role("radio", name=re.compile(rf" {re.escape(meant)}$")).check()
    with page.expect_response(is_reading) as answer:
        page.get_by_role("button", name="Use this encoding").click()
    return document(answer.value)


def meaning(page: Page, column: str) -> Locator:
    """Where a person says what the column is."""
    named = page.locator("span", has_text=re.compile(f"^{re.escape(column)}$"))
    return page.locator(".mapper li").filter(has=named).locator("select")


def leave_unused(page: Page, column: str) -> dict[str, Any]:
    """Takes the columns that are known, as unknownColumns=ignore does."""
    meaning(page, column).select_option("")
    with page.expect_response(is_reading) as answer:
        page.get_by_role("button", name="Use these columns").click()
    return document(answer.value)


def assert_read(page: Page, case: SheetCase, reading: dict[str, Any]) -> None:
    expect(page.get_by_test_id("images")).to_have_text(str(case.rows))
    expect(page.get_by_role("button", name="Start Batch")).to_be_enabled()
    assert {notice["code"] for notice in reading["notices"]} >= set(case.codes)
    for notice in reading["notices"]:
        expect(page.locator(".notice", has_text=notice["message"])).to_have_count(1)
    warned = page.get_by_text("Check this before you start.")
    expect(warned).to_have_count(int(case.warning))
    prompts = page.locator("tr.made details > p").all_text_contents()
    assert all(text in prompt for text, prompt in zip(case.prompts, prompts, strict=False))
    assert all(value in prompts[0] for name, value in case.values.items() if name in SHOWN)


def assert_cells_to_correct(page: Page, case: SheetCase) -> None:
    expect(page.get_by_role("heading", name=re.compile(r"^\d+ cells? to correct$"))).to_be_visible()
    expect(page.get_by_role("button", name=f"use {case.says}")).to_be_visible()
    expect(page.get_by_role("button", name="Start Batch")).to_be_disabled()


def assert_refused(page: Page, case: SheetCase) -> None:
    expect(asked(page, case)).to_be_visible()
    for column, guess in GUESSES.get(case.name, {}).items():
        expect(meaning(page, column)).to_have_value(guess)
    if case.name in HEADER_ROWS:
        names = page.get_by_label("Column names are in")
        expect(names).to_have_value(HEADER_ROWS[case.name])
    expect(page.get_by_role("button", name="Start Batch")).to_have_count(0)


def asked(page: Page, case: SheetCase) -> Locator:
    """The question, or the refusal, that the case leads to."""
    if case.candidate:
        return page.get_by_role("radio", name=re.compile(rf" {re.escape(case.candidate)}$"))
    if case.name in TEMPLATES:
        return page.get_by_role("link", name="Use the sheet with a prompt of your own")
    if case.name in GUESSES | HEADER_ROWS:
        return page.get_by_role("heading", name="Which column is which?")
    return page.get_by_role("alert").filter(has_text=case.error).filter(has_text=case.says)
