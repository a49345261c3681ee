"""How long until a visitor sees the page on a slow line: its largest contentful paint (LCP).

Chromium with four times less processor, on what Lighthouse calls slow 4G: 1.6 Mbit/s, 150 ms.
"""

import json
import statistics
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import httpx
from playwright.sync_api import Browser, sync_playwright

from bench.environment import BenchEnvironment, Site, finished, sheet, submit
from bench.report import Figure
from testing.chromium import chromium

IMAGES = 12
SLOW_4G = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1_600_000 / 8,
    "uploadThroughput": 750_000 / 8,
}
SLOWER_PROCESSOR = 4
SAMPLES = 3
LOADED = """many => {
  const all = Array.from(document.querySelectorAll("main img"));
  return all.length >= many && all.every((one) => one.complete);
}"""
"""The network is also idle while the processor is busy with the page's code."""
OBSERVER = """
window.painted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.painted = entry.startTime;
}).observe({type: "largest-contentful-paint", buffered: true});
"""


def measure(environment: BenchEnvironment) -> Iterator[Figure]:
    site, runs = environment.open_stack, 1 if environment.tiny else 5
    gallery = f"/batches/{_batch_of_photographs(site)}"
    with sync_playwright() as driver:
        program = chromium()
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for path, images, what in (
            ("/", SAMPLES, "the first screen"),
            (gallery, IMAGES, f"a gallery of {IMAGES}"),
        ):
            _paint(browser, site, path, images)  # starts the functions
            seconds = [_paint(browser, site, path, images) for _ in range(runs)]
            yield Figure(
                what=f"LCP of {what}, slow 4G, processor / {SLOWER_PROCESSOR}",
                value=statistics.median(seconds),
                goal=1.5,
                unit="s",
                detail={
                    "browser": Path(program or "").name,
                    **{f"run {n}": each for n, each in enumerate(seconds, 1)},
                },
            )
        browser.close()


def _batch_of_photographs(site: Site) -> str:
    rules = json.dumps([{"fault": "detailed", "prompt": "Photograph", "on": "file"}]).encode()
    with urllib.request.urlopen(f"{site.provider}/script", rules, timeout=10):  # noqa: S310
        pass
    with httpx.Client(base_url=site.stack["apiUrl"], timeout=120) as client:
        batch = submit(client, sheet(IMAGES, "Photograph"))
        finished(client, batch)
    return batch


def _paint(browser: Browser, site: Site, path: str, images: int) -> float:
    """Seconds; nothing is cached yet."""
    context = browser.new_context(
        base_url=site.stack["webUrl"], viewport={"width": 1280, "height": 860}
    )
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW_4G)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER_PROCESSOR})
    page.add_init_script(OBSERVER)
    page.goto(path)
    page.wait_for_function(LOADED, arg=images)
    page.wait_for_load_state("networkidle")
    painted: float = page.evaluate("window.painted")
    context.close()
    return painted / 1000
