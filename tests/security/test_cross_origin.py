"""A real browser on another site: only the configured one may ask, and no site gets more."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from testing.scenario import OwnedResources
from tests.browser.conftest import missing
from tests.security.conftest import Site

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "nothing is missing")

ASK = """async ([url, init]) => {
  try {
    const answer = await fetch(url, init);
    return {status: answer.status, text: await answer.text(),
            location: answer.headers.get("location"), retry: answer.headers.get("retry-after")};
  } catch (error) { return {error: error.name}; }
}"""


class _Blank(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"<!doctype html><title>another site</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (http.server's name)
        pass


@pytest.fixture(scope="module")
def visit(browser: Browser) -> Iterator[Any]:
    """A page of a site at this port (0: any)."""
    servers: list[tuple[ThreadingHTTPServer, threading.Thread]] = []

    def open_(port: int) -> Page:
        server = ThreadingHTTPServer(("127.0.0.1", port), _Blank)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        servers.append((server, thread))
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        return page

    yield open_
    for server, thread in servers:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def friend(site: Site, visit: Any) -> Page:
    page: Page = visit(urlsplit(site.friend).port)
    return page


@pytest.fixture(scope="module")
def stranger(visit: Any) -> Page:
    page: Page = visit(0)
    return page


def ask(page: Page, site: Site, path: str, **init: Any) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(ASK, [site.stack["webUrl"] + path, init])
    return found


def with_token(site: Site, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {site.issuer.token('ann')}", **more}


def test_configured_origin_may_read_exposed_headers(site: Site, friend: Page) -> None:
    listed = ask(friend, site, "/api/v1/batch", headers=with_token(site))
    assert listed["status"] == 200
    headers = with_token(site, **{"Content-Type": "text/csv", "Idempotency-Key": "of a friend"})
    made = ask(friend, site, "/api/car-batch", method="POST", headers=headers,
               body="make,model\nVolvo,Friend\n")  # fmt: skip
    assert made["status"] == 202
    assert made["location"]


FROM_SHEET_TO_ZIP = """async ([api, token]) => {
  const headers = {Authorization: `Bearer ${token}`};
  const made = await fetch(`${api}/api/car-batch`, {
    method: "POST",
    headers: {...headers, "Content-Type": "text/csv", "Idempotency-Key": "from another origin"},
    body: "make,model\\nVolvo,Elsewhere\\nSaab,Elsewhere\\n",
  });
  const batch = `${api}/api/v1/batch/${(await made.json()).jobId}`;
  const seen = [];
  for (let last = null; ;) {
    const back = last === null ? {} : {"Last-Event-ID": last};
    const answer = await fetch(`${batch}/progress`, {headers: {...headers, ...back}});
    if (answer.status !== 200) break;
    const text = await answer.text();
    seen.push(...[...text.matchAll(/^event: ?(.*)$/gm)].map(found => found[1]));
    const ids = [...text.matchAll(/^id: ?(.*)$/gm)];
    if (ids.length) last = ids.at(-1)[1];
  }
  const json = {...headers, Accept: "application/json"};
  const told = await fetch(`${batch}/download`, {headers: json});
  const zip = await fetch((await told.json()).url);
  const start = new Uint8Array(await zip.arrayBuffer()).slice(0, 2);
  return {made: made.status, seen, told: told.status, zip: zip.status, start: [...start]};
}"""


def test_another_origins_page_submits_watches_and_downloads(site: Site, friend: Page) -> None:
    """Each of its requests carries a token, so the browser asks with a preflight request first."""
    found = friend.evaluate(FROM_SHEET_TO_ZIP, [site.stack["webUrl"], site.issuer.token("ann")])

    assert (found["made"], found["told"], found["zip"]) == (202, 200, 200)
    assert found["seen"][-1] == "completed"
    assert {"progress", "item"} <= set(found["seen"])
    assert bytes(found["start"]) == b"PK"


def test_any_other_site_can_read_nothing_and_send_nothing(site: Site, stranger: Page) -> None:
    assert ask(stranger, site, "/api/v1/batch", headers=with_token(site)) == {"error": "TypeError"}
    headers = with_token(site, **{"Content-Type": "text/csv"})
    sheet = "make,model\nVolvo,Stranger\n"
    sent = ask(stranger, site, "/api/car-batch", method="POST", headers=headers, body=sheet)
    assert sent == {"error": "TypeError"}
    assert "Stranger" not in site.as_("ann").get("/api/v1/batch?limit=100").text
    assert not site.fake.creates("Stranger")


def test_stream_is_unreadable_from_another_origin(
    site: Site, stranger: Page, hers: OwnedResources
) -> None:
    path = f"/api/v1/batch/{hers.cars}/events?access_token={site.issuer.token('ann')}"
    heard = """url => new Promise(done => {
      const source = new EventSource(url);
      source.addEventListener("completed", () => { source.close(); done("heard"); });
      source.onerror = () => { source.close(); done("refused"); };
    })"""
    assert stranger.evaluate(heard, site.stack["webUrl"] + path) == "refused"


def test_browsers_send_no_ambient_credentials(site: Site, friend: Page) -> None:
    """No cookie is set and none is asked for: a site that has no token has nothing."""
    assert ask(friend, site, "/api/v1/batch", credentials="include") == {"error": "TypeError"}
    found = ask(friend, site, "/api/v1/batch")
    assert found == {"error": "TypeError"} or found["status"] == 401
    assert friend.context.cookies() == []
    for path in ("/", "/config.json", "/api/v1/batch"):
        assert "set-cookie" not in site.as_("ann").get(path).headers


def test_the_page_cannot_be_put_into_a_frame(site: Site, stranger: Page) -> None:
    address = site.stack["webUrl"] + "/"
    with stranger.expect_event("console", lambda m: "frame-ancestors" in m.text, timeout=30_000):
        stranger.evaluate(
            "url => { const f = document.createElement('iframe'); f.src = url;"
            " document.body.append(f); }",
            address,
        )
