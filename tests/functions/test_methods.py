"""A path with a method that it does not have."""

import re

import pytest

from imagebatch.api.openapi import document
from tests.functions.conftest import Api


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/api/queue", "GET, HEAD"),
        ("POST", "/health", "GET, HEAD"),
        ("GET", "/api/car-batch", "POST"),
        ("PATCH", "/api/uploads", "GET, HEAD, POST"),
        ("POST", "/api/variants", "GET, HEAD, PUT"),
        ("PUT", "/api/batch/0123456789abcdef0123456789abcdef", "GET, HEAD"),
        ("GET", "/api/batches/image-candidates", "POST"),
        ("DELETE", "/api/batches/image-candidates", "POST"),
        ("POST", "/api/v1/batch/0123456789abcdef0123456789abcdef/progress", "GET, HEAD"),
    ],
)
def test_it_is_answered_with_those_it_has(api: Api, method: str, path: str, allowed: str) -> None:
    answer = api.request(method, path)

    assert answer.status == 405
    assert answer.headers["allow"] == allowed
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["error"] == "Method not allowed"
    assert allowed in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/api/nothing", "/api/batch/a/b", "/api/", "/api/queue/x"])
def test_a_path_that_is_not_there_has_no_methods(api: Api, path: str) -> None:
    answer = api.request("DELETE", path)

    assert answer.status == 404
    assert "allow" not in answer.headers


IDS = {"name": "car-white", "variant_id": "7", "schema_key": "product-shot"}
READ = sorted(path for path, item in document()["paths"].items() if "get" in item)


@pytest.mark.parametrize("path", READ)
def test_head_answers_as_get_without_body(api: Api, path: str) -> None:
    path = re.sub(r"\{(\w+)\}", lambda name: IDS.get(name[1], "0" * 32), path)
    got, head = api.get(path), api.request("HEAD", path)

    assert (head.status, head.headers, head.body) == (got.status, got.headers, "")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/health"), ("GET", "/docs"), ("GET", "/api/none"), ("PUT", "/api/queue")],
)
def test_every_answer_has_the_security_headers(api: Api, method: str, path: str) -> None:
    headers = api.request(method, path).headers

    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("limit", ["000000001999", "01", "0", "101", "1e2", "٣", "1 ", "9" * 5000])
def test_a_limit_is_1_to_100_and_nothing_else(api: Api, limit: str) -> None:
    for path in ("/api/v1/batch", "/api/uploads", "/api/variants", "/api/batches"):
        assert api.get(path, params={"limit": limit}).status == 400, path
