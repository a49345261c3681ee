"""A real HTTP server that answers in the shapes of the imagebatch API, one batch's life scripted.

    with FakeApi() as api:
        api.life = [status("processing", done=1), status("completed", done=3)]
        api.script("POST", "/api/car-batch", Lost(), Answer(503))
        ...
        assert [r.path for r in api.requests] == [...]

`life` is what GET /api/batch/{id} answers, one entry a call, the last one for ever. `script` puts
faults before a route's own behaviour, each used up by one request.
"""

import io
import json
import socket
import threading
import time
import zipfile
from collections import defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from testing.api_requests import Request

BATCH = "5f0cb1d2a4e84c0f9b7d3a1e6c2f8b05"
EVENTS = f"/api/v1/batch/{BATCH}/progress"
STATUS = f"/api/batch/{BATCH}"
DOWNLOAD = f"/api/v1/batch/{BATCH}/download"
ARCHIVE = "/storage/archive.zip"

type Body = dict[str, Any] | bytes


@dataclass(frozen=True)
class Answer:
    """A response in place of the route's own; a dict is sent as JSON."""

    status: int = 200
    body: Body = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Lost:
    """The route does its work and its response is never sent."""


@dataclass(frozen=True)
class Cut:
    """The route's own response, cut off in the middle of its body."""


@dataclass
class Stall:
    """Half of the route's response, then nothing until `go` is set."""

    go: threading.Event = field(default_factory=threading.Event)


type Fault = Answer | Lost | Cut | Stall


def status(word: str = "processing", *, total: int = 3, **given: Any) -> dict[str, Any]:
    """A status in the contract's form; omitted fields follow from the rest."""
    done, failed, cancelled = (given.get(name, 0) for name in ("done", "failed", "cancelled"))
    settled = done + failed + cancelled
    finished = word in {"completed", "failed", "cancelled", "expired"}
    outcome = "all_succeeded" if done == total else "partial" if done else "none_succeeded"
    shown = {
        "jobId": BATCH,
        "kind": "cars",
        "name": "cars",
        "status": word,
        "outcome": outcome if finished else None,
        "mode": "live",
        "round": 1,
        "total": total,
        "done": done,
        "failed": failed,
        "cancelled": cancelled,
        "pending": 0 if finished else total - settled,
        "processing": 0,
        "percent": 100 * settled // total,
        "zipUrl": "https://storage.example/x.zip" if finished else None,
        "failedRowsUrl": None,
        "errors": [],
        "cost": {"estimated": "0.15", "committed": "0.10", "actual": "0.10", "max": None},
        "eta": None,
        "waitingFor": None,
        "metadata": {},
        "createdAt": "2026-11-20T08:00:00.000Z",
        "finishedAt": "2026-11-20T08:01:00.000Z" if finished else None,
        "expiresAt": "2026-11-20T14:01:00.000Z" if finished else None,
    }
    return shown | given


def problem(
    code: int, error: str, details: list[Any] | None = None, *, retry_after: int | None = None
) -> Answer:
    body = {"type": "about:blank", "title": error, "status": code, "detail": error, "error": error}
    sent = {"Content-Type": "application/problem+json"}
    if retry_after is not None:
        sent["Retry-After"] = str(retry_after)
    return Answer(code, body | {"details": details or []}, sent)


def zip_of(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, b"an image " * 20_000)
    return file.getvalue()


def stream(*events: str) -> Answer:
    """One response of the event stream."""
    text = "retry: 100\n\n" + "".join(f"{event}\n\n" for event in events)
    return Answer(200, text.encode(), {"Content-Type": "text/event-stream"})


def event(number: int, name: str, data: dict[str, Any]) -> str:
    return f"id: {number}\nevent: {name}\ndata: {json.dumps(data)}"


class FakeApi:
    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.life = [status("completed", done=3)]
        self.archive = zip_of("a.png", "b.png", "c.png")
        self.batches: dict[str, dict[str, Any]] = {}
        """The response for each idempotency key that created a batch."""
        self.uploaded: Request | None = None
        self.checks = ["checking", "ready"]
        self.answers: dict[tuple[str, str], Answer] = {}
        self.ended_tokens: set[str] = set()
        """The `Authorization` headers that get a 401."""
        self._faults: dict[tuple[str, str], list[Fault]] = defaultdict(list)
        self._seen = threading.Condition()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.api = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def script(self, method: str, path: str, *faults: Fault) -> None:
        self._faults[method, path].extend(faults)

    def sent(self, method: str, path: str) -> list[Request]:
        return [r for r in self.requests if (r.method, r.path) == (method, path)]

    def await_request(self, method: str, path: str, *, seconds: float = 20) -> Request:
        """Wait for the first such request."""
        with self._seen:
            came = self._seen.wait_for(lambda: bool(self.sent(method, path)), seconds)
        assert came, f"no {method} {path}"
        return self.sent(method, path)[0]

    def handle(self, request: Request) -> tuple[Fault | None, Answer]:
        with self._seen:
            self.requests.append(request)
            self._seen.notify_all()
            faults = self._faults[request.method, request.path]
            fault = faults.pop(0) if faults else None
            if isinstance(fault, Answer):
                return None, fault
            if request.headers.get("authorization") in self.ended_tokens:
                return None, Answer(401, {"message": "Unauthorized"})
            return fault, self._answer(request)

    def _answer(self, request: Request) -> Answer:
        route = request.method, request.path
        routes = {
            ("POST", "/api/car-batch"): self._submit,
            ("POST", "/api/sheet-batch"): self._submit,
            ("POST", "/api/uploads"): self._upload,
            ("GET", "/api/uploads"): self._uploads,
            ("POST", "/storage"): self._store,
            ("GET", STATUS): lambda _: Answer(200, _next(self.life)),
            ("GET", DOWNLOAD): lambda _: Answer(302, b"", {"Location": self.signed_url}),
            ("GET", ARCHIVE): lambda _: Answer(200, self.archive),
        }
        if route in self.answers or route not in routes:
            return self.answers.get(route, problem(404, "Job not found"))
        return routes[route](request)

    @property
    def signed_url(self) -> str:
        return f"{self.url}{ARCHIVE}?X-Amz-Signature=abc"

    def _store(self, request: Request) -> Answer:
        self.uploaded = request
        return Answer(204, b"")

    def _submit(self, request: Request) -> Answer:
        key = request.headers.get("idempotency-key", f"none-{len(self.requests)}")
        answer = {
            "jobId": BATCH,
            "total": 3,
            "status": "queued",
            "mode": "live",
            "estimatedCost": "0.15",
            "warnings": ["unknown column: engine"],
            "statusUrl": f"{self.url}{STATUS}",
        }
        return Answer(202, self.batches.setdefault(key, answer))

    def _upload(self, request: Request) -> Answer:
        file = {"id": "up-1", "url": None, "kind": "csv", "status": "checking"}
        fields = {"key": "uploads/up-1", "policy": "signed"}
        upload = {"url": f"{self.url}/storage", "fields": fields}
        return Answer(201, {"file": file, "upload": upload})

    def _uploads(self, _: Request) -> Answer:
        word = _next(self.checks)
        listed = {"id": "up-1", "kind": "csv", "status": word, "reason": "it is a PNG image"}
        return Answer(200, {"items": [listed], "nextCursor": None})


def _next[T](script: list[T]) -> T:
    """The script's next entry; its last one repeats forever."""
    return script.pop(0) if len(script) > 1 else script[0]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    api: FakeApi

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that were killed."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        request = Request(
            self.command,
            parts.path,
            {key: values[0] for key, values in parse_qs(parts.query).items()},
            {key.lower(): value for key, value in self.headers.items()},
            self.rfile.read(int(self.headers.get("Content-Length", 0))),
            time.monotonic(),
        )
        fault, answer = self.server.api.handle(request)
        if isinstance(fault, Lost):
            self._hang_up()
        else:
            self._send(answer, fault)

    do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 (http.server's names)

    def _send(self, answer: Answer, fault: Fault | None) -> None:
        body, headers = answer.body, {}
        if isinstance(body, dict):
            body, headers = json.dumps(body).encode(), {"Content-Type": "application/json"}
        self.send_response(answer.status)
        for name, value in (headers | answer.headers).items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        whole = fault is None
        self.wfile.write(body if whole else body[: len(body) // 2])
        if isinstance(fault, Stall):
            fault.go.wait(60)
        if not whole:
            self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (http.server's name)
        pass
