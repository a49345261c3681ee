"""A path with a method that it does not have."""

import pytest

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


@pytest.mark.parametrize(
    "path", ["/api/queue", "/health", "/docs", "/api/v1/batch", "/api/batches"]
)
def test_head_answers_as_get_without_body(api: Api, path: str) -> None:
    got, head = api.get(path), api.request("HEAD", path)

    assert (head.status, head.headers, head.body) == (got.status, got.headers, "")
