"""What the gallery costs a browser: bytes, shifts, memory over a long watch. Times: see bench."""

import json
from collections.abc import Callable
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import BrowserContext, CDPSession, Page, Response, expect

from testing.fake_providers import FakeProviders
from tests.browser.mocks import answer_for_many
from tests.browser.steps import cars, finished, images, shifted, submit
from tests.conftest import Stack

TILES = 12
FIRST = 2
"""Images that load before the others."""
SHOWN = """Array.from(document.querySelectorAll(".tile img"), (one) =>
  [new URL(one.src).pathname, `${one.fetchPriority} ${one.loading}`])"""
LARGEST_PAINT = """() => new Promise((give) => {
  const last = (list) => new URL(list.getEntries().at(-1).url).pathname;
  new PerformanceObserver((list) => give(last(list)))
    .observe({type: "largest-contentful-paint", buffered: true});
})"""
MAX_TILE_BYTES = 600_000
MAX_SHIFT = 0.01
ROWS = 10_000
ANSWERS, FEWER_ANSWERS = 1_200, 400
"""Of live progress: two a second for ten minutes, and what shows a leak without the waiting."""
TEN_MINUTES = 600
STREAM = """
([path, rows, perAnswer]) => {
  const reach = window.fetch;
  const watch = {answers: 0, limit: 0, next: 0, pause: 0, go: () => {}};
  window.watched = watch;
  const event = (id, name, data) =>
    `id: ${id}\\nretry: 1\\nevent: ${name}\\ndata: ${JSON.stringify(data)}\\n\\n`;
  const item = (index) => ({index, custom_id: `row-${index + 2}`, row: index + 2,
    status: watch.next % 2 ? "processing" : "pending", file: null, thumbnail_url: null,
    code: null, reason: null});
  window.fetch = async (input, init) => {
    if (!String(input).endsWith(path)) return reach(input, init);
    if (watch.answers >= watch.limit) await new Promise((go) => { watch.go = go; });
    await new Promise((go) => setTimeout(go, watch.pause));
    watch.answers += 1;
    const many = watch.next < rows ? 1000 : perAnswer;
    let text = "";
    for (let n = 0; n < many; n += 1, watch.next += 1)
      text += event(watch.next, "item", item(watch.next % rows));
    const done = Math.min(rows - 1, watch.answers);
    text += event(`p${watch.next}`, "progress", {status: "processing", total: rows,
      pending: rows - done, processing: 0, succeeded: done, failed: 0, cancelled: 0,
      percent: Math.floor(100 * done / rows), cost: "0.35", eta: null, waiting_for: null});
    return new Response(text, {headers: {"Content-Type": "text/event-stream"}});
  };
}
"""
"""A server of live progress in the page itself, as fast as the page reads it: first every item in
answers of a thousand, then some in each answer, until `limit` answers were given. `pause` is
before each answer, in milliseconds."""


def test_twelve_tiles_load_thumbnails_that_move_nothing(
    live: Stack, provider: FakeProviders, open_context: Callable[..., BrowserContext]
) -> None:
    provider.script("detailed", prompt="Model", on="file")
    page = open_context(live["webUrl"]).new_page()
    batch = submit(page, *cars(TILES), name="Detailed")
    finished(page)
    loaded: list[Response] = []
    second = open_context(live["webUrl"]).new_page()
    second.on("response", lambda one: loaded.append(one) if is_image(one) else None)

    second.goto(f"/batches/{batch}")
    expect(images(second)).to_have_count(TILES)
    second.wait_for_load_state("networkidle")

    assert len(loaded) == TILES
    assert {one.header_value("content-type") for one in loaded} == {"image/webp"}
    assert sum(len(one.body()) for one in loaded) < MAX_TILE_BYTES
    assert sum(sizes(live, batch)) > 10 * MAX_TILE_BYTES
    assert shifted(second) < MAX_SHIFT
    assert second.evaluate(LARGEST_PAINT) == second.evaluate(SHOWN)[0][0]
    images(second).first.click()
    expect(second.get_by_role("dialog").locator("img").first).to_be_visible()
    second.wait_for_load_state("networkidle")
    assert shifted(second) < MAX_SHIFT


def test_gallery_asks_once_and_for_its_first_images_first(
    live: Stack, provider: FakeProviders, open_context: Callable[..., BrowserContext]
) -> None:
    first = open_context(live["webUrl"]).new_page()
    batch = submit(first, *cars(TILES))
    finished(first)
    page = open_context(live["webUrl"]).new_page()
    asked: list[str] = []
    page.on("request", lambda one: asked.append(urlsplit(one.url).path))

    page.goto(f"/batches/{batch}")

    expect(images(page)).to_have_count(TILES)
    page.wait_for_load_state("networkidle")
    shown = page.evaluate(SHOWN)
    assert [how for _, how in shown] == ["high eager"] * FIRST + ["auto lazy"] * (TILES - FIRST)
    paths = [path for path, _ in shown]
    assert [path for path in asked if path in paths][:FIRST] == paths[:FIRST]
    needed = [f"/api/batches/{batch}", f"/api/batches/{batch}/input"]
    needed.append(f"/api/v1/batch/{batch}/status")
    assert {path: asked.count(path) for path in needed + paths} == dict.fromkeys(needed + paths, 1)


def is_image(response: Response) -> bool:
    return response.request.resource_type == "image" and "favicon" not in response.url


def sizes(stack: Stack, batch: str) -> list[int]:
    """Of the images as they were made."""
    answer = httpx.get(f"{stack['apiUrl']}/api/v1/batch/{batch}/status?limit=100", timeout=60)
    return [item["size"] for item in answer.json()["items"]]


@pytest.fixture
def watched(page: Page, stack: Stack) -> CDPSession:
    """A page that watches 10,000 rows and knows them all."""
    batch = submit(page, *cars(1), name="Watched")
    finished(page)
    running = {"status": "processing", "outcome": None, "zipUrl": None, "pending": ROWS, "done": 0}
    answer_for_many(page, f"{stack['apiUrl']}/api", batch, ROWS, made=False, **running)
    page.add_init_script(f"({STREAM})({json.dumps([f'/api/v1/batch/{batch}/progress', ROWS, 10])})")
    page.goto(f"/batches/{batch}")
    expect(page.get_by_role("progressbar")).to_be_visible()
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    answered(page, 100)
    return session


def test_answers_of_progress_keep_memory_flat(page: Page, watched: CDPSession) -> None:
    before = usage(watched)

    answered(page, 100 + FEWER_ANSWERS)

    assert_flat(before, usage(watched))


@pytest.mark.soak
def test_ten_minutes_of_watching_keep_memory_flat(page: Page, watched: CDPSession) -> None:
    """In real time, so that what happens every few seconds or minutes happens, too."""
    page.evaluate("pause => { watched.pause = pause; }", 1000 * TEN_MINUTES // ANSWERS)
    before, begin = usage(watched), monotonic()

    answered(page, 100 + ANSWERS, within=3 * TEN_MINUTES)

    assert monotonic() - begin >= TEN_MINUTES
    assert_flat(before, usage(watched))


def assert_flat(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert after["JSEventListeners"] <= before["JSEventListeners"] + 20, (before, after)
    assert after["Nodes"] <= before["Nodes"] + 100, (before, after)
    assert after["JSHeapUsedSize"] <= before["JSHeapUsedSize"] + 1_000_000, (before, after)


def answered(page: Page, answers: int, within: float = 180) -> None:
    """Lets the watch go on to that many answers."""
    page.evaluate("limit => { watched.limit = limit; watched.go(); }", answers)
    reached = "limit => watched.answers >= limit"
    page.wait_for_function(reached, arg=answers, timeout=1000 * within)


def usage(session: CDPSession) -> dict[str, Any]:
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    metrics = session.send("Performance.getMetrics")["metrics"]
    return {one["name"]: one["value"] for one in metrics}
