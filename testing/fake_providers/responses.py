"""Responses of the stand-ins: status, headers and body."""

import json
from collections.abc import Mapping
from typing import Any

PROBLEM = "application/problem+json"

type Response = tuple[int, Mapping[str, str], bytes]


def json_response(status: int, body: Any) -> Response:
    return status, {"Content-Type": "application/json"}, json.dumps(body).encode()


def problem_response(status: int, title: str, detail: str, **more: Any) -> Response:
    body = {"title": title, "detail": detail, "status": status, **more}
    return status, {"Content-Type": PROBLEM}, json.dumps(body).encode()


def html_response(status: int) -> Response:
    page = b"<!doctype html><html><body><h1>Something went wrong</h1></body></html>"
    return status, {"Content-Type": "text/html"}, page
