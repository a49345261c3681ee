"""Requests made to break the API: refused in words, never with a server error."""

import json
from itertools import product
from typing import Any

import pytest

from tests.functions.conftest import Api

DEEP = "[" * 100_000 + "]" * 100_000
SHEET = ("cars.csv", b"make\nVolvo\n", "text/csv")


@pytest.mark.parametrize(
    "metadata",
    [DEEP, "{" * 100_000, "9" * 10_000, '{"a": "\\ud800"}', '{"a": NaN}', '{"a": 1e999}', "[]"],
)
def test_invalid_form_metadata_is_rejected(api: Api, metadata: str) -> None:
    answer = api.post("/api/car-batch", files={"file": SHEET}, data={"metadata": metadata})

    assert answer.status == 422, answer.body[:300]
    assert answer.json()["details"][0]["field"].startswith("metadata")
    assert len(answer.body) < 3000


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/batches", '{"variants": [], "settings": {"input": {"x": %s}}}'),
        ("POST", "/api/v1/batch/generate", '{"items": [{"prompt": "a", "x": %s}]}'),
        ("PUT", "/api/variants", '[{"variantId": %s}]'),
        ("POST", "/api/batches/image-candidates", '{"variantIds": [%s]}'),
        ("POST", "/api/uploads", '{"kind": "csv", "size": %s}'),
    ],
)
def test_a_number_that_json_cannot_hold_is_refused(
    api: Api, method: str, path: str, body: str
) -> None:
    headers = {"Content-Type": "application/json"}
    for value in ("NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 5000):
        answer = api.request(method, path, content=(body % value).encode(), headers=headers)

        assert answer.status == 400, f"{value[:20]}: {answer.body[:300]}"
        assert answer.json()["error"] == "The body is not valid JSON"


VALUES = [{}, [], None, True, 0, -1, 1.5, "", "a" * 5000, [[]], {"a": 1}]
FIELDS = ["items", "variants", "variantIds", "settings", "kind", "uploadId", "metadata", "name"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/car-batch"),
        ("POST", "/api/v1/batch/generate"),
        ("POST", "/api/uploads"),
        ("PUT", "/api/variants"),
        ("POST", "/api/batches"),
        ("POST", "/api/batches/image-candidates"),
    ],
)
def test_json_of_another_shape_is_refused_wherever_it_stands(
    api: Api, method: str, path: str
) -> None:
    bodies: list[Any] = [*VALUES, *({"items": [v], "variants": [v]} for v in VALUES)]
    bodies += [{field: value} for field in FIELDS for value in VALUES]
    for body in bodies:
        answer = api.request(method, path, json=body)
        assert 400 <= answer.status < 500, f"{json.dumps(body)[:200]}: {answer.body[:300]}"
        assert answer.headers["content-type"] == "application/problem+json"


BOUNDARIES = ["", "; boundary=", "; boundary=" + "x" * 500, '; boundary="a', "; boundary=é"]
FORMS = [
    b"",
    b"--x",
    b"--x\r\n" * 5000,
    b"--a\r\nContent-Disposition: form-data; name=" + b"x" * 9000,
]


@pytest.mark.parametrize("path", ["/api/car-batch", "/api/uploads"])
def test_a_form_that_is_none_is_refused(api: Api, path: str) -> None:
    for boundary, body in product(BOUNDARIES, FORMS):
        headers = {"Content-Type": f"multipart/form-data{boundary}".encode()}
        answer = api.post(path, content=body, headers=headers)

        assert 400 <= answer.status < 500, f"{boundary[:20]} {body[:20]!r}: {answer.body[:300]}"
        assert answer.headers["content-type"] == "application/problem+json"
