"""A person's browser on the deployed page: headless Chromium at the host-form address.

There page and bucket have different origins, as on AWS. Whatever a test does, its console has no
error at the end, and what it looked at is kept under output/browser.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

from testing.chromium import chromium
from testing.fake_providers import FakeProviders
from testing.openid_provider import AUDIENCE, CLIENT, Issuer
from testing.scenario import cars
from tests.browser.steps import LOOKS, Shot, window
from tests.conftest import Stack, Stacks

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "functions" / "web" / "static"
SHOTS = ROOT / "output" / "browser"
PATIENCE = 60_000
"""Milliseconds; the emulator's first call of a function takes seconds on a busy machine."""
UNUSED = (
    # What opens below the address bar is two pages of the browser's own in every window.
    *("WebUIOmniboxPopup", "WebUIOmniboxFullPopup", "WebUIOmniboxAimPopup"),
    # Playwright's, whose switch ours replaces.
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades"),
    *("HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding"),
    *("ThirdPartyStoragePartitioning", "AvoidCorsURLLoaderRestartOnRedirect", "AimEnabled"),
    *("OptimizationHints", "NetworkTimeServiceQuerying", "PreconnectToSearch"),
)
"""Features of Chromium that cost half of what a page takes to open."""
SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts.push(
    {value: entry.value, nodes: entry.sources.map((s) => s.node?.className ?? s.node?.nodeName)});
}).observe({type: "layout-shift", buffered: true});
"""


BLANK: dict[str, str] = {
    "content_type": "image/svg+xml",
    "body": '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>',
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if reason := missing():
        mark = pytest.mark.skip(reason=reason)
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(mark)


def missing() -> str:
    """What a browser test lacks here; nothing may be lacking where CI is true."""
    if os.environ.get("CI") == "true":
        return ""
    if not (STATIC / "index.html").exists():
        return "the page is not built: npm --prefix web ci && npm --prefix web run build"
    return "" if chromium() else "no Chromium: apt-get install chromium-headless-shell"


@contextmanager
def running_browser() -> Iterator[Browser]:
    arguments = [
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        f"--disable-features={','.join(UNUSED)}",
    ]
    with sync_playwright() as driver:
        expect.set_options(timeout=PATIENCE)
        browser = driver.chromium.launch(executable_path=chromium(), args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def provider() -> Iterator[FakeProviders]:
    """What the live stack takes for Replicate."""
    with FakeProviders(latency=0.4) as fake:
        yield fake


@pytest.fixture(scope="session")
def live(stacks: Stacks, provider: FakeProviders) -> Stack:
    """A stack with a provider's key, so that images can fail and be tried again."""
    keys = {"ReplicateSecretArn": "r8_a_key_of_the_tests"}
    return stacks(keys=keys, ReplicateBaseUrl=provider.url, DefaultModel="google/nano-banana-2.1")


@pytest.fixture(scope="session")
def issuer() -> Iterator[Issuer]:
    with Issuer() as issuer:
        yield issuer


@pytest.fixture(scope="session")
def closed(stacks: Stacks, issuer: Issuer) -> Stack:
    """A stack that lets in whom the issuer knows, and keeps a ZIP for less than a minute."""
    values = {"OidcIssuer": issuer.url, "OidcAudience": AUDIENCE, "OidcClientId": CLIENT}
    return stacks(AuthMode="oidc", ArchiveTtlSeconds=45, **values)


@pytest.fixture(scope="session")
def old_batch(closed: Stack, issuer: Issuer) -> str:
    """Made before the tests that sign in, so that its ZIP is gone when it is looked for."""
    headers = {"Authorization": f"Bearer {issuer.token(aud=AUDIENCE)}"}
    with httpx.Client(base_url=closed["apiUrl"], headers=headers, timeout=60) as api:
        return cars(api, "Old", name="Old")


@pytest.fixture
def login_page(open_context: Callable[..., BrowserContext], closed: Stack, old_batch: str) -> Page:
    return open_context(closed["webUrl"]).new_page()


@pytest.fixture(autouse=True)
def no_faults(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "provider" in request.fixturenames:
        request.getfixturevalue("provider").clear()


@pytest.fixture
def open_context(browser: Browser, expected: list[str]) -> Iterator[Callable[..., BrowserContext]]:
    """A context in the given look; its pages' consoles are watched."""
    opened: list[BrowserContext] = []
    wrong: list[str] = []

    def listen(page: Page) -> None:
        page.on("console", lambda message: wrong.append(said(message)) if bad(message) else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))

    def bad(message: ConsoleMessage) -> bool:
        return message.type in {"error", "warning"}

    def make(base_url: str, look: str = "desktop-light") -> BrowserContext:
        width, scheme = LOOKS[look]
        context = browser.new_context(
            base_url=base_url, viewport=window(width), color_scheme=scheme
        )
        context.set_default_timeout(PATIENCE)
        context.add_init_script(SHIFTS)
        context.on("page", listen)
        # Catalogs that other tests have imported name images there.
        context.route("https://cdn.example.com/**", lambda route: route.fulfill(**BLANK))
        opened.append(context)
        return context

    yield make
    for context in opened:
        context.close()
    assert [text for text in wrong if not any(re.search(one, text) for one in expected)] == []


def said(message: ConsoleMessage) -> str:
    return f"{message.text} ({message.location.get('url', '')})"


@pytest.fixture
def expected() -> list[str]:
    """Patterns of console messages that belong to what a test does, such as being offline."""
    return []


@pytest.fixture
def page(open_context: Callable[..., BrowserContext], stack: Stack) -> Page:
    """The page of the stack in development mode."""
    return open_context(stack["webUrl"]).new_page()


@pytest.fixture
def live_page(open_context: Callable[..., BrowserContext], live: Stack) -> Page:
    """The page of the stack with a provider's key."""
    return open_context(live["webUrl"]).new_page()


@pytest.fixture
def screen(
    request: pytest.FixtureRequest, open_context: Callable[..., BrowserContext], live: Stack
) -> Page:
    """The page of the stack with a provider's key, in the look that `seen_first_on` says."""
    return open_context(live["webUrl"], request.param).new_page()


@pytest.fixture
def shot(request: pytest.FixtureRequest) -> Shot:
    def keep(page: Page, name: str) -> None:
        SHOTS.mkdir(parents=True, exist_ok=True)
        test = request.node.name.replace("/", "-").replace("[", "-").rstrip("]")
        page.screenshot(path=SHOTS / f"{test}-{name}.png", full_page=True)

    return keep
