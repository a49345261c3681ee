"""Every answer of the service tells the browser what it may not do with it."""

import re

import pytest

from imagebatch.api.build import all_routes
from tests.functions import test_web
from tests.functions.conftest import Api

REQUIRED = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
}
ROUTES = sorted(
    {(route.method, re.sub(r"\{\w+\}", "0" * 32, route.path)) for route in all_routes()}
)


def check(headers: dict[str, str]) -> None:
    assert headers | REQUIRED == headers
    policy = headers["content-security-policy"]
    for directive in ("default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert directive in policy
    assert "unsafe-eval" not in policy
    assert headers["strict-transport-security"].startswith("max-age=63072000")


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_answers_with_them(api: Api, method: str, path: str) -> None:
    check(api.request(method, path).headers)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("HEAD", "/docs"),
        ("PATCH", "/health"),
        ("GET", "/api/nothing"),
        ("OPTIONS", "/health"),
        ("GET", "/api/v1/batch?limit=999"),
        ("GET", "/api/queue"),
    ],
)
def test_so_does_every_refusal(api: Api, method: str, path: str) -> None:
    check(api.request(method, path).headers)
    check(api.as_owner("").request(method, path).headers)


page = pytest.fixture(test_web.built_page)


@pytest.mark.usefixtures("page")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/variants"),
        ("GET", "/missing.js"),
        ("GET", "/config.json"),
        ("POST", "/"),
        ("GET", "/api/odd"),
        ("OPTIONS", "/api/car-batch"),
    ],
)
def test_the_page_has_them_as_well(method: str, path: str) -> None:
    check(test_web.ask(path, method)["headers"])
