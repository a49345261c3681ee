"""A webhook receiver on loopback that records requests and sends the configured responses.

with Receiver() as receiver:
    receiver.answers = [500, 200]          # the next answers; 200 when none is left
    ...
    (first,) = receiver.wait_for(1)
    first.verified("whsec_...")            # by the reference library
"""

import socket
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from standardwebhooks import Webhook


@dataclass(frozen=True, slots=True)
class Received:
    """Header names are in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def verified(self, secret: str) -> Any:
        """Return the body; WebhookVerificationError unless it was just signed with this secret."""
        return Webhook(secret).verify(self.body, self.headers)


class Receiver:
    """`answers` are statuses, or a string for a redirect there. `pause` is in seconds."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.received: list[Received] = []
        self.answers: list[int | str] = []
        self.pause = 0.0
        self.asked_for: list[str | None] = []
        """The names that TLS clients requested (SNI)."""
        self.closed = threading.Event()
        self._context = context
        if context is not None:
            context.sni_callback = lambda _, name, __: self.asked_for.append(name)
        self._changed = threading.Condition()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def port(self) -> int:
        return int(self._server.server_port)

    @property
    def url(self) -> str:
        return f"{'https' if self._context else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        if self._context is not None:
            self._server.socket = self._context.wrap_socket(self._server.socket, server_side=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closed.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def take(self, received: Received) -> int | str:
        """Store the request and return the response."""
        with self._changed:
            self.received.append(received)
            self._changed.notify_all()
            return self.answers.pop(0) if self.answers else 200

    def wait_for(self, many: int, seconds: float = 60) -> list[Received]:
        until = time.monotonic() + seconds
        with self._changed:
            while len(self.received) < many:
                left = until - time.monotonic()
                assert left > 0, f"{len(self.received)} of {many} webhooks after {seconds} s"
                self._changed.wait(left)
            return list(self.received)


class _Server(ThreadingHTTPServer):
    """Clients that disconnect, or reject the handshake, are not errors."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None: ...


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = receiver.take(Received(self.path, headers, body))
            if receiver.pause:
                receiver.closed.wait(receiver.pause)
            with suppress(OSError):
                self.send_response(307 if isinstance(answer, str) else answer)
                if isinstance(answer, str):
                    self.send_header("Location", answer)
                self.send_header("Content-Length", "0")
                self.end_headers()

        do_GET = do_POST  # noqa: N815 - the server looks for this name

        def log_message(self, *_: object) -> None: ...

    return Handler


def free_address() -> str:
    """An origin on loopback where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"
