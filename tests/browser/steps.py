"""What a person does on the page, and what a test reads from it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from testing.openid_provider import PERSON

type Shot = Callable[[Page, str], None]
"""Keeps what a page looks like under a name."""

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
RUN_AXE = "axe.run({resultTypes: ['violations']}).then((report) => report.violations)"
HEADER = "make,model,year,background,aspect_ratio"

type Scheme = Literal["light", "dark"]

LOOKS: dict[str, tuple[int, Scheme]] = {
    "desktop-light": (1280, "light"),
    "desktop-dark": (1280, "dark"),
    "phone-dark": (360, "dark"),
}
IS_DARK = "matchMedia('(prefers-color-scheme: dark)').matches"


def seen_first_on(look: str) -> pytest.MarkDecorator:
    """Of a test of a `screen`: the look it has in `make test`; `make soak` has the other as well.

    `assert_sound` looks at both either way.
    """
    other = {"desktop-light": "phone-dark", "phone-dark": "desktop-light"}[look]
    both = [look, pytest.param(other, marks=pytest.mark.soak)]
    return pytest.mark.parametrize("screen", both, indirect=True)


def window(width: int) -> ViewportSize:
    return {"width": width, "height": 860 if width > 480 else 740}


def sheet(*rows: str, header: str = HEADER) -> str:
    return "".join(f"{line}\r\n" for line in (header, *rows))


def cars(many: int) -> list[str]:
    return [f"Ford,Model {n},2024,white,1:1" for n in range(1, many + 1)]


def choose(page: Page, text: str, name: str = "cars.csv") -> None:
    file = {"name": name, "mimeType": "text/csv", "buffer": text.encode()}
    page.locator(".drop input[type=file]").set_input_files([file])


def drop(page: Page, text: str, name: str = "cars.csv") -> None:
    """A file dragged from the desktop."""
    transfer = page.evaluate_handle(
        """([text, name]) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([text], name, {type: "text/csv"}));
          return transfer;
        }""",
        [text, name],
    )
    page.locator(".drop").dispatch_event("drop", {"dataTransfer": transfer})


def start(page: Page) -> str:
    """Presses Start Batch and returns the batch's id from the address."""
    page.get_by_role("button", name="Start Batch").click()
    page.wait_for_url(re.compile(r"/batches/\w+"))
    forget_shifts(page)
    return page.url.rsplit("/", 1)[1].split("?")[0]


def submit(page: Page, *rows: str, name: str = "") -> str:
    page.goto("/")
    choose(page, sheet(*rows))
    if name:
        page.get_by_label("Name").fill(name)
    return start(page)


def sign_in(page: Page) -> None:
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text(PERSON["email"])).to_be_visible()


def images(page: Page) -> Locator:
    return page.locator(".tile img")


def finished(page: Page) -> Locator:
    """Waits for the ZIP."""
    link = page.get_by_role("link", name="Download ZIP")
    expect(link).to_be_visible(timeout=180_000)
    return link


STILL = 0.005
"""A twentieth of what counts as a good score; a number that gets longer stays below it."""


def forget_shifts(page: Page) -> None:
    """What moved until now was a person's doing."""
    page.evaluate("window.shifts.length = 0")


def shifted(page: Page) -> float:
    """The layout shift score: how much has moved since the page was opened."""
    score: float = page.evaluate("window.shifts.reduce((sum, one) => sum + one.value, 0)")
    return score


def assert_still(page: Page) -> None:
    """Nothing has moved."""
    assert shifted(page) < STILL


def too_wide(page: Page) -> int:
    """By how many pixels the page could be scrolled sideways."""
    width: int = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return width


def violations(page: Page) -> list[str]:
    """What axe finds once nothing moves."""
    page.evaluate("document.getAnimations().forEach((one) => one.finish())")
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    found: list[dict[str, Any]] = page.evaluate(RUN_AXE)
    return [f"{one['id']}: {[node['target'] for node in one['nodes']]}" for one in found]


def each_look(page: Page, *looks: str) -> Iterator[str]:
    """The page in each of these looks, or in all; at the end it is as it was."""
    size, dark = page.viewport_size, page.evaluate(IS_DARK)
    for look in looks or LOOKS:
        width, scheme = LOOKS[look]
        page.set_viewport_size(window(width))
        page.emulate_media(color_scheme=scheme)
        yield look
    page.set_viewport_size(size or window(1280))
    page.emulate_media(color_scheme="dark" if dark else "light")


def assert_sound(page: Page) -> None:
    """Axe finds nothing, and the page is not wider than its window, on a desktop or a phone."""
    for look in each_look(page, "desktop-light", "phone-dark"):
        found, over = violations(page), too_wide(page)
        assert not found, (look, found)
        assert over <= 0, f"{look}: {over} pixels too wide"


NAME = """({ariaLabel, labels, textContent}) =>
  (ariaLabel ?? labels?.[0]?.innerText.trim().split("\\n")[0] ?? textContent).trim()"""
"""What a control is called."""
FOCUSED = f"({NAME})(document.activeElement)"
CONTROLS = "a, button, input, select, textarea, summary, [tabindex]"
SHOWN = f"""(name) => [...document.querySelectorAll("{CONTROLS}")].some(
  (control) => ({NAME})(control) === name)"""


def walk_to(page: Page, name: str) -> None:
    """Presses Tab until the control of that name has the focus, once around the page at most."""
    page.wait_for_function(SHOWN, arg=name)
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED) == name:
            return
    pytest.fail(f"{name!r} cannot be reached with the Tab key")
