"""The faults FakeProviders can be told to have: what each sends instead of the right thing.

A fault belongs to a stage (`on`): `create`, `list`, `get`, `cancel` or `file`. ANSWERS, SOCKETS and
TWISTS work on any stage (default `create`); OUTCOMES are decided when the prediction is created;
IMAGES when its file is fetched.
"""

import io
import json
import re
import select
import socket
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from http.server import BaseHTTPRequestHandler
from threading import Event
from typing import Any

from PIL import Image, ImageChops

PROBLEM = "application/problem+json"
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


type Answer = tuple[int, Mapping[str, str], bytes]


def _problem(status: int, title: str, detail: str, **more: Any) -> Answer:
    body = {"title": title, "detail": detail, "status": status, **more}
    return status, {"Content-Type": PROBLEM}, json.dumps(body).encode()


def _custom(rule: Rule) -> Answer:
    body = rule.body if isinstance(rule.body, str) else json.dumps(rule.body)
    return rule.status, {"Content-Type": "application/json", **rule.headers}, body.encode()


def _throttled(
    rule: Rule, *, header: bool = False, told: bool = False, text: bool = False
) -> Answer:
    seconds = rule.seconds if rule.seconds is not None else 7
    detail = f"{THROTTLED} Your rate limit resets in ~{seconds:g}s." if text else THROTTLED
    more = {"retry_after": seconds} if told else {}
    status, headers, body = _problem(429, "Too many requests", detail, **more)
    return status, {**headers, "Retry-After": f"{seconds:g}"} if header else headers, body


def _throttled_in(kind: str, rule: Rule) -> Answer:
    status, _, body = _throttled(rule, text=True)
    return status, {"Content-Type": kind}, body


def _html(status: int) -> Answer:
    page = b"<!doctype html><html><body><h1>Something went wrong</h1></body></html>"
    return status, {"Content-Type": "text/html"}, page


def _failing(status: int, _: Rule) -> Answer:
    return _html(status)


ANSWERS: dict[str, Callable[[Rule], Answer]] = {
    "status": _custom,
    "401": lambda _: _problem(
        401, "Unauthenticated", "You did not pass a valid authentication token"
    ),
    "402": lambda _: _problem(
        402,
        "Insufficient credit",
        "You have insufficient credit to run this model. "
        "Go to https://replicate.com/account/billing#billing to purchase credit.",
    ),
    "403": lambda _: _problem(403, "Forbidden", "You do not have permission"),
    "404": lambda _: _problem(404, "Not found", "The requested resource could not be found."),
    "422": lambda rule: _problem(
        422,
        "Input validation failed",
        rule.text or "- input.aspect_ratio: must be one of 1:1, 16:9\n",
    ),
    "422_version": lambda _: _problem(
        422,
        "Invalid version or not permitted",
        "The specified version does not exist (or perhaps you don't have permission to use it?)",
    ),
    "429": _throttled,
    "429_header": lambda rule: _throttled(rule, header=True),
    "429_body": lambda rule: _throttled(rule, told=True),
    "429_text": lambda rule: _throttled(rule, text=True),
    "429_charset": lambda rule: _throttled_in("text/html; charset=hex", rule),
    "410": lambda _: _problem(410, "Gone", "The requested resource is gone."),
    "json_list": lambda _: (400, {"Content-Type": PROBLEM}, b'["prompt is required", "bad model"]'),
    "html": lambda rule: _html(rule.status),
    "garbled": lambda _: (201, {"Content-Type": "application/json"}, b'{"id": "abc", "sta'),
    **{str(status): partial(_failing, status) for status in (500, 502, 503, 504)},
}
"""An answer instead of the right one. Under `html` and `garbled` a create happens all the same."""

SOCKETS = {"hang", "hang_after", "headers_then_hang", "trickle", "cut_before", "cut_after", "half"}
"""No whole answer. `cut_before` and `hang`: nothing was created; with the others it was. `trickle`
sends one byte each `seconds`."""


def _twisted(right: Answer, **more: Any) -> Answer:
    status, headers, body = right
    return status, headers, json.dumps({**json.loads(body), **more}).encode()


def _deep(right: Answer) -> Answer:
    """What no JSON parser accepts, where the output should be."""
    status, headers, body = _twisted(right, output="DEEP", images="DEEP")
    return status, headers, body.replace(b'"DEEP"', DEPTH * b"[" + DEPTH * b"]")


DEPTH = 2_000
PADDING = 10 * 1024 * 1024
STRANGE_TYPES = {"id": 7, "request_id": 7, "status": ["x"], "output": {"a": 1}, "error": 5}
TWISTS: dict[str, Callable[[Answer], Answer]] = {
    "nan": lambda right: _twisted(right, output=float("nan"), completed_at=float("inf")),
    "nested": _deep,
    "types": lambda right: _twisted(right, **STRANGE_TYPES),
    "no_id": lambda right: (right[0], right[1], b"{}"),
    "gzip": lambda right: (right[0], {**right[1], "Content-Encoding": "gzip"}, right[2]),
    "megabytes": lambda right: _twisted(right, padding=PADDING * "x"),
}
"""The right answer, spoilt. What was asked for has happened."""

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


def _png(image: Image.Image) -> bytes:
    body = io.BytesIO()
    image.save(body, "PNG")
    return body.getvalue()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(side: int = 50_000) -> bytes:
    """A PNG of a few hundred bytes that declares `side` x `side` pixels."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(100_000))
    chunks = _chunk(b"IHDR", header) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def with_profile_of_no_bytes(body: bytes) -> bytes:
    """A PNG whose colour profile makes Pillow raise IndexError."""
    end = body.rindex(b"IEND") - 4
    return body[:end] + _chunk(b"iCCP", b"x\0") + body[end:]


IMAGES: dict[str, Callable[[bytes], Answer]] = {
    "truncated_quietly": lambda body: (200, {}, body[: len(body) // 2]),
    "empty": lambda _: (200, {}, b""),
    "blank": lambda body: (200, {}, _png(Image.new("RGB", _size(body), "white"))),
    "black": lambda body: (200, {}, _png(Image.new("RGB", _size(body), "black"))),
    "wrong_aspect": lambda body: (200, {}, _png(_stretched(body))),
    "bomb": lambda _: (200, {}, bomb()),
    "heavy": lambda body: (200, {}, _png(_grainy(*_size(body)))),
    "detailed": lambda body: (200, {}, _detailed(*_size(body))),
    "svg": lambda _: (
        200,
        {"Content-Type": "image/svg+xml"},
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    ),
    "expired": lambda _: (404, {}, b"not found"),
    "304": lambda _: (304, {}, b""),
    "redirect_nowhere": lambda _: (302, {}, b""),
    "redirect_loop": lambda _: (302, {"Location": "#again"}, b""),
    "redirect_away": lambda _: (302, {"Location": "https://elsewhere.example/x.png"}, b""),
    "profile": lambda body: (200, {}, with_profile_of_no_bytes(body)),
    "trailing": lambda body: (200, {}, body + 64 * b"trailing "),
    "truncated": lambda body: (200, {}, body),
    "chunked_cut": lambda body: (200, {}, body),
    "huge": lambda _: (200, {}, b""),
    "huge_chunked": lambda _: (200, {}, b""),
}
"""A wrong file, a `heavy` one, or one as `detailed` as a photograph. `truncated` and `chunked_cut`
end early on the wire; `huge` says it is 500 MB, `huge_chunked` only is."""

HUGE = 500 * 1024 * 1024
FAULTS = {*ANSWERS, *SOCKETS, *TWISTS, *OUTCOMES, *IMAGES}


def _size(body: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(body)).size


def _grainy(width: int, height: int) -> Image.Image:
    """A valid image that does not compress: three megabytes."""
    scale = 1024 / max(width, height)
    size = round(width * scale), round(height * scale)
    return Image.merge("RGB", [Image.effect_noise(size, 100) for _ in range(3)])


@cache
def _detailed(width: int, height: int) -> bytes:
    """Something to see at every scale, as in a photograph: one to two megabytes."""
    scale = 1024 / max(width, height)
    size = round(width * scale), round(height * scale)
    clouds = _clouds(*size)
    shifted = [ImageChops.offset(clouds, size[0] * n // 3, size[1] * n // 3) for n in range(3)]
    return _png(Image.merge("RGB", shifted))


def _clouds(width: int, height: int) -> Image.Image:
    made = Image.new("L", (width, height), 128)
    for parts, strength in ((8, 120), (32, 80), (128, 40), (512, 20)):
        size = max(2, width * parts // 1024), max(2, height * parts // 1024)
        noise = Image.effect_noise(size, strength).resize(made.size, Image.Resampling.BICUBIC)
        made = Image.blend(made, noise, 0.5)
    return made


def _stretched(body: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(body))
    return image.resize((image.width * 2, image.height))


def whole(answer: Answer) -> bytes:
    """A response as sent on the wire."""
    status, headers, body = answer
    lines = [f"HTTP/1.1 {status} Fake", *(f"{name}: {value}" for name, value in headers.items())]
    lines += [f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def misbehave(
    handler: BaseHTTPRequestHandler, rule: Rule, right: Answer, stopping: Event
) -> Iterator[bytes]:
    """Return the bytes to send under a socket fault or a truncated file, waiting in between if
    needed.
    """
    handler.close_connection = True
    wire = whole(right)
    match rule.fault:
        case "hang" | "hang_after":
            _wait_for_peer(handler.connection, stopping)
        case "headers_then_hang":
            yield wire[: wire.index(b"\r\n\r\n") + 4]
            _wait_for_peer(handler.connection, stopping)
        case "trickle":
            for byte in wire:
                yield bytes([byte])
                if stopping.wait(rule.seconds or 0.05):
                    return
        case "half" | "truncated":
            yield wire[: len(wire) - max(1, len(right[2]) // 2)]
        case "chunked_cut":
            half = right[2][: len(right[2]) // 2]
            yield b"HTTP/1.1 200 Fake\r\nTransfer-Encoding: chunked\r\n\r\n"
            yield b"%x\r\n%b\r\n" % (len(half), half)
        case "huge" | "huge_chunked":
            yield from _huge(rule.fault == "huge")


def _huge(declared: bool) -> Iterator[bytes]:
    block = bytes(1024 * 1024)
    yield b"HTTP/1.1 200 Fake\r\n"
    yield (
        b"Content-Length: %d\r\n\r\n" % HUGE if declared else b"Transfer-Encoding: chunked\r\n\r\n"
    )
    for _ in range(HUGE // len(block)):
        yield block if declared else b"%x\r\n%b\r\n" % (len(block), block)


def _wait_for_peer(connection: socket.socket, stopping: Event) -> None:
    while not stopping.wait(0.02):
        readable, _, _ = select.select([connection], [], [], 0)
        if readable and not connection.recv(1, socket.MSG_PEEK):
            return
