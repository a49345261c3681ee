"""The faults that FakeProviders can simulate, and the response that each one sends.

A fault belongs to a stage (`on`): `create`, `list`, `get`, `cancel` or `file`. ANSWERS, SOCKETS and
TWISTS work on any stage (default `create`); OUTCOMES are decided when the prediction is created;
IMAGES (image_faults.py) when its file is fetched.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from testing.fake_providers.image_faults import IMAGES
from testing.fake_providers.responses import PROBLEM, Response, html_response, problem_response

THROTTLED = "Request was throttled."


@dataclass(kw_only=True)
class Rule:
    """One fault, for the requests it matches.

    `prompt` and `model` are searched for as regular expressions, between `begins` and `ends`, which
    are seconds since the server started. Of its matches the rule lets `after` pass and then fires
    `times` times (None: for ever), at `every` third for example. `seconds`, `text`, `status`,
    `body`, `headers` and `output` say more where the fault takes more.
    """

    fault: str
    prompt: str = ""
    model: str = ""
    on: str = ""
    begins: float = 0
    ends: float = float("inf")
    after: int = 0
    every: int = 1
    times: int | None = None
    seconds: float | None = None
    text: str = ""
    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    output: Any = None
    id: str = ""
    seen: int = 0
    fired: int = 0

    def __post_init__(self) -> None:
        if self.fault not in FAULTS:
            raise ValueError(
                f"no such fault: {self.fault!r}; there are {', '.join(sorted(FAULTS))}"
            )
        self.on = self.on or ("file" if self.fault in IMAGES else "create")

    def matches(self, prompt: str, model: str, passed: float) -> bool:
        named = re.search(self.prompt, prompt) and re.search(self.model, model)
        return bool(named) and self.begins <= passed < self.ends

    def fires(self) -> bool:
        self.seen += 1
        if self.seen <= self.after or (self.seen - self.after) % self.every:
            return False
        if self.times is not None and self.fired >= self.times:
            return False
        self.fired += 1
        return True


def _custom(rule: Rule) -> Response:
    body = rule.body if isinstance(rule.body, str) else json.dumps(rule.body)
    return rule.status, {"Content-Type": "application/json", **rule.headers}, body.encode()


def _throttled(
    rule: Rule, *, header: bool = False, told: bool = False, text: bool = False
) -> Response:
    seconds = rule.seconds if rule.seconds is not None else 7
    detail = f"{THROTTLED} Your rate limit resets in ~{seconds:g}s." if text else THROTTLED
    more = {"retry_after": seconds} if told else {}
    status, headers, body = problem_response(429, "Too many requests", detail, **more)
    return status, {**headers, "Retry-After": f"{seconds:g}"} if header else headers, body


def _throttled_in(kind: str, rule: Rule) -> Response:
    status, _, body = _throttled(rule, text=True)
    return status, {"Content-Type": kind}, body


def _failing(status: int, _: Rule) -> Response:
    return html_response(status)


ANSWERS: dict[str, Callable[[Rule], Response]] = {
    "status": _custom,
    "401": lambda _: problem_response(
        401, "Unauthenticated", "You did not pass a valid authentication token"
    ),
    "402": lambda _: problem_response(
        402,
        "Insufficient credit",
        "You have insufficient credit to run this model. "
        "Go to https://replicate.com/account/billing#billing to purchase credit.",
    ),
    "403": lambda _: problem_response(403, "Forbidden", "You do not have permission"),
    "404": lambda _: problem_response(
        404, "Not found", "The requested resource could not be found."
    ),
    "422": lambda rule: problem_response(
        422,
        "Input validation failed",
        rule.text or "- input.aspect_ratio: must be one of 1:1, 16:9\n",
    ),
    "422_version": lambda _: problem_response(
        422,
        "Invalid version or not permitted",
        "The specified version does not exist (or perhaps you don't have permission to use it?)",
    ),
    "429": _throttled,
    "429_header": lambda rule: _throttled(rule, header=True),
    "429_body": lambda rule: _throttled(rule, told=True),
    "429_text": lambda rule: _throttled(rule, text=True),
    "429_charset": lambda rule: _throttled_in("text/html; charset=hex", rule),
    "410": lambda _: problem_response(410, "Gone", "The requested resource is gone."),
    "json_list": lambda _: (400, {"Content-Type": PROBLEM}, b'["prompt is required", "bad model"]'),
    "html": lambda rule: html_response(rule.status),
    "garbled": lambda _: (201, {"Content-Type": "application/json"}, b'{"id": "abc", "sta'),
    **{str(status): partial(_failing, status) for status in (500, 502, 503, 504)},
}
"""An answer instead of the right one. Under `html` and `garbled` a create happens all the same."""

SOCKETS = {"hang", "hang_after", "headers_then_hang", "trickle", "cut_before", "cut_after", "half"}
"""No whole answer. `cut_before` and `hang`: nothing was created; with the others it was. `trickle`
sends one byte each `seconds`."""


def _twisted(right: Response, **more: Any) -> Response:
    status, headers, body = right
    return status, headers, json.dumps({**json.loads(body), **more}).encode()


def _deep(right: Response) -> Response:
    """Invalid JSON in place of the output."""
    status, headers, body = _twisted(right, output="DEEP", images="DEEP")
    return status, headers, body.replace(b'"DEEP"', DEPTH * b"[" + DEPTH * b"]")


DEPTH = 2_000
PADDING = 10 * 1024 * 1024
STRANGE_TYPES = {"id": 7, "request_id": 7, "status": ["x"], "output": {"a": 1}, "error": 5}
TWISTS: dict[str, Callable[[Response], Response]] = {
    "nan": lambda right: _twisted(right, output=float("nan"), completed_at=float("inf")),
    "nested": _deep,
    "types": lambda right: _twisted(right, **STRANGE_TYPES),
    "no_id": lambda right: (right[0], right[1], b"{}"),
    "gzip": lambda right: (right[0], {**right[1], "Content-Encoding": "gzip"}, right[2]),
    "megabytes": lambda right: _twisted(right, padding=PADDING * "x"),
}
"""A damaged response to a request that was executed."""

RECORDED = (SOCKETS - {"hang", "cut_before"}) | {"html", "garbled", *TWISTS}
"""Faults under which a create is in the ledger as billed although its answer is lost."""

OUTCOMES = {
    "slow",  # takes `seconds`
    "never",  # never ends
    "failed",  # with `text`
    "canceled",
    "aborted",  # RunPod: TIMED_OUT
    "output",  # succeeds with `output`; "{url}" in it is the file's address
    "removed",  # succeeded, but output and files are deleted
    "lost",  # created, and unknown to every later request
}

FAULTS = {*ANSWERS, *SOCKETS, *TWISTS, *OUTCOMES, *IMAGES}
