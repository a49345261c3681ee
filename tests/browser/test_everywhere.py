"""What holds on every view: for a screen reader, a keyboard, a phone, a dark room, a slow line."""

import base64
import gzip
import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, Response, expect

from tests.browser.conftest import STATIC
from tests.browser.steps import (
    LOOKS,
    STILL,
    Shot,
    cars,
    choose,
    each_look,
    finished,
    images,
    sheet,
    shifted,
    too_wide,
    violations,
    walk_to,
)
from tests.conftest import Stack

SCRIPT_BUDGET = 150_000
REST_AFTER_MS = 5000
"""The other views' scripts are requested after that long."""
FIRST_SCRIPTS = """until => performance.getEntriesByType("resource")
  .filter((one) => one.name.endsWith(".js") && one.startTime < until).map((one) => one.name)"""
COMPILE_ALL = b"//# allFunctionsCalledOnLoad\n"
INJECT = """() => {
  const script = document.createElement("script");
  script.textContent = "window.injected = true";
  document.head.append(script);
}"""
ROOT_STYLE = "document.documentElement.style"
VIEWS = ["/", "/sheets", "/prompts", "/variants", "/batches", "/nowhere"]


def settled(page: Page) -> None:
    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("heading", level=1)).to_be_visible()


@pytest.fixture
def batch(page: Page) -> str:
    """A finished batch with one row that failed."""
    page.goto("/")
    rows = ["Ford,Model 1,2024,white,1:1", "Ford,Model 2,2024,hub,16:9", "Ford,Model 3,2024,no,1:1"]
    choose(page, sheet(*rows))
    page.get_by_label("Skip this row").check()
    page.get_by_label("Name").fill("Every view")
    page.get_by_role("button", name="Start Batch").click()
    page.wait_for_url(re.compile(r"/batches/\w+"))
    finished(page)
    return page.url


def views(batch: str, context: BrowserContext) -> Iterator[tuple[str, Page]]:
    """Each view in a state with something on it."""
    page = context.new_page()
    for path in VIEWS:
        page.goto(path)
        settled(page)
        yield path.strip("/") or "csv", page
    page.goto("/")
    choose(page, sheet("Ford,Model 1,garage,2:1,A", header="make,model,background,aspect_ratio,x"))
    expect(page.get_by_label("Skip this row")).to_be_visible()
    expect(page.get_by_test_id("images")).to_have_text("0")
    yield "csv-marked", page
    page.goto(batch)
    expect(images(page)).to_have_count(2)
    page.wait_for_load_state("networkidle")
    yield "batch", page
    images(page).first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    yield "enlarged", page


@contextmanager
def fallback_font(page: Page) -> Iterator[None]:
    """What a first visit on a slow line shows: the page's own font is optional."""
    page.evaluate(f"{ROOT_STYLE}.setProperty('--font', 'system-ui, sans-serif')")
    yield
    page.evaluate(f"{ROOT_STYLE}.removeProperty('--font')")


def test_every_view_is_accessible_and_never_scrolls_sideways(
    stack: Stack, batch: str, open_context: Callable[..., BrowserContext], shot: Shot
) -> None:
    found, over = {}, {}
    for name, page in views(batch, open_context(stack["webUrl"])):
        for look in each_look(page):
            found[name, look] = violations(page)
            over[name, look] = too_wide(page)
            shot(page, f"{name}-{look}")
            with fallback_font(page):
                over[name, look, "fallback font"] = too_wide(page)
    assert {where: list_ for where, list_ in found.items() if list_} == {}
    assert {where: pixels for where, pixels in over.items() if pixels > 0} == {}


def test_nothing_moves_after_a_view_is_there(
    stack: Stack, batch: str, open_context: Callable[..., BrowserContext]
) -> None:
    page = open_context(stack["webUrl"]).new_page()
    moved = {}
    for path in [*VIEWS, batch]:
        page.goto(path)
        settled(page)
        moved[path] = shifted(page)
    assert {path: score for path, score in moved.items() if score >= STILL} == {}


def test_dark_mode_is_dark(page: Page) -> None:
    page.goto("/")
    settled(page)
    shades = {}
    for look in each_look(page, "desktop-light", "desktop-dark"):
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        shades[look] = [int(part) for part in re.findall(r"\d+", colour)[:3]]
    assert min(shades["desktop-light"]) > 240
    assert max(shades["desktop-dark"]) < 30


def test_a_batch_is_made_with_the_keyboard_alone(page: Page) -> None:
    # From here on, not only from the key press that opens it: nobody waits until that is in effect.
    page.on("filechooser", lambda _: None)
    page.goto("/")
    settled(page)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(4):
        page.keyboard.press("Tab")
    expect(page.locator(".drop input")).to_be_focused()
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    file = {"name": "k.csv", "mimeType": "text/csv", "buffer": sheet(*cars(2)).encode()}
    chooser.value.set_files([file])
    button = page.get_by_role("button", name="Start Batch")
    expect(button).to_be_enabled()
    walk_to(page, "Start Batch")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/batches/\w+"))
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    finished(page)
    expect(images(page)).to_have_count(2)
    walk_to(page, "Enlarge Ford Model 1 2024")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="Enlarge Ford Model 2 2024")).to_be_focused()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_have_accessible_name("Review: Ford Model 2 2024")
    page.keyboard.press("ArrowLeft")
    expect(dialog).to_have_accessible_name("Review: Ford Model 1 2024")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    walk_to(page, "Download ZIP")
    with page.expect_download():
        page.keyboard.press("Enter")


def test_page_shows_development_mode(page: Page) -> None:
    page.goto("/")
    banner = page.get_by_role("region", name="Development mode")
    expect(banner).to_contain_text("Development mode")
    expect(banner).to_contain_text("images are placeholders")


def test_with_a_providers_key_there_is_no_such_banner(live_page: Page) -> None:
    live_page.goto("/")
    settled(live_page)
    expect(live_page.get_by_text("Development mode")).to_have_count(0)


def test_the_script_of_the_page_is_small() -> None:
    packed = {file.name: len(gzip.compress(file.read_bytes(), 9)) for file in STATIC.rglob("*.js")}
    assert packed
    assert sum(packed.values()) < SCRIPT_BUDGET


def test_scripts_are_sent_compressed_once_and_from_here(page: Page, stack: Stack) -> None:
    scripts, elsewhere = [], []

    def seen(response: Response) -> None:
        if response.request.resource_type == "script":
            scripts.append(response)
        if not response.url.startswith(stack["webUrl"]):
            elsewhere.append(response.url)

    page.on("response", seen)
    page.goto("/")
    settled(page)
    assert {script.header_value("content-encoding") for script in scripts} == {"gzip"}
    assert all("immutable" in (one.header_value("cache-control") or "") for one in scripts)
    assert len({script.url for script in scripts}) == len(scripts)
    assert elsewhere == []


@pytest.mark.parametrize(("path", "files"), [("/", {"csv", "sheet"}), ("/batches", {"batches"})])
def test_view_loads_its_own_scripts_before_the_others(
    page: Page, path: str, files: set[str]
) -> None:
    page.goto(path)
    settled(page)
    first = {name(url) for url in page.evaluate(FIRST_SCRIPTS, REST_AFTER_MS)}
    assert first >= {"core", "index", *files}
    assert not first & {"batch", "workbench", "prompts", "variants", "variant", "folder"}


def test_code_of_a_gallery_is_compiled_as_it_loads() -> None:
    files = [file for file in STATIC.rglob("*.js") if file.read_bytes().startswith(COMPILE_ALL)]
    assert {name(str(file)) for file in files} == {"batch", "core", "gallery", "index"}


def name(url: str) -> str:
    """A file's name without the hash."""
    return url.rsplit("/", 1)[-1][: -len("-BUgrj4QQ.js")]


def test_page_opened_before_a_deployment_loads_anew_once(page: Page, expected: list[str]) -> None:
    expected.append("status of 404")
    opened: list[str] = []
    page.on("domcontentloaded", lambda one: opened.append(one.url))
    page.route("**/assets/prompts-*.js", lambda route: route.fulfill(status=404))
    page.goto("/")
    page.get_by_role("link", name="Prompts").click()

    expect(page.get_by_role("alert")).to_contain_text("A part of the page could not be loaded.")

    assert [urlsplit(url).path for url in opened] == ["/", "/prompts"]
    page.unroute("**/assets/prompts-*.js")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", level=1, name="Images from prompts")).to_be_visible()


def test_content_policy_allows_only_page_bucket_and_script(stack: Stack) -> None:
    answer = httpx.get(f"{stack['apiUrl']}/", timeout=30)
    policy = dict(
        part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; ")
    )
    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
    [script] = filter(None, re.findall(r"<script[^>]*>(.*?)</script>", answer.text, re.DOTALL))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy["script-src"] == f"'self' 'sha256-{digest}'"
    assert policy["style-src"] == "'self'"
    assert policy["connect-src"] == f"'self' {stack['endpointUrl']}"
    assert not re.findall(r"\son\w+=|<style|style=", answer.text)
    assert not any("http" in src for src in re.findall(r'(?:src|href)="([^"]+)"', answer.text))


def test_an_injected_inline_script_does_not_run(page: Page, expected: list[str]) -> None:
    expected.append("Content Security Policy")
    page.goto("/")
    settled(page)

    with page.expect_console_message(lambda one: "Content Security Policy" in one.text):
        page.evaluate(INJECT)

    assert page.evaluate("window.injected ?? null") is None


def test_with_debug_the_page_logs_ids_and_each_answer(page: Page) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto("/?debug=1")
    choose(page, sheet(*cars(1)))
    expect(page.get_by_test_id("price")).to_contain_text("$")
    assert any("200 POST /api/car-batch" in line for line in said)
    settled(page)
    quiet = len(said)
    page.goto("/?debug=0")
    settled(page)
    assert len(said) == quiet


def test_an_unknown_batch_is_said_to_be_unknown(page: Page, expected: list[str]) -> None:
    expected.append("status of 404")
    page.goto("/batches/0123456789abcdef")
    expect(page.get_by_role("alert")).to_contain_text("Job not found")


def test_downloaded_template_is_a_valid_sheet(page: Page, tmp_path: Path) -> None:
    page.goto("/")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download a template").click()
    download.value.save_as(tmp_path / "cars.csv")
    choose(page, (tmp_path / "cars.csv").read_text())
    expect(page.get_by_test_id("images")).to_have_text("3")
    expect(page.get_by_role("button", name="Start Batch")).to_be_enabled()


def test_api_reference_is_accessible_and_fits(page: Page) -> None:
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto("/docs")
    settled(page)

    page.get_by_role("link", name="Submit a sheet of cars").click()

    operation = page.get_by_role("heading", name="POST /api/car-batch", exact=True)
    expect(operation).to_be_in_viewport()
    for look in each_look(page, "desktop-light", "phone-dark"):
        assert violations(page) == [], look
        assert page.evaluate("document.documentElement.scrollWidth") <= LOOKS[look][0]
        assert page.evaluate("document.documentElement.scrollHeight") < 50_000
        assert page.evaluate("getComputedStyle(document.querySelector('pre')).overflowX") == "auto"
    assert not refused
