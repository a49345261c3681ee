"""The loopback redirect (RFC 8252): one request on one of three fixed ports, then closed."""

import html
import os
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import TracebackType
from urllib.parse import parse_qsl, urlsplit

from imagebatch_cli.errors import SignInError

PORTS = (21741, 21742, 21743)
"""Issuers compare redirect URLs exactly, so each is registered (template.yaml)."""
PATH = "/callback"
IDLE_CONNECTION_SECONDS = 5.0
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>imagebatch</title>
<body style="font-family: system-ui; margin: 4rem"><h1>{title}</h1><p>{text}</p></body></html>"""


def redirect_uri(port: int) -> str:
    return f"http://127.0.0.1:{port}{PATH}"


class LoopbackServer(HTTPServer):
    """Listens from its creation, so that no other program can take the port meanwhile."""

    allow_reuse_address = os.name == "posix"  # on Windows it would let another program listen too
    timeout = 1.0

    def __init__(self) -> None:
        self.query: dict[str, str] | None = None
        self.is_served = False
        for port in PORTS:
            try:
                super().__init__(("127.0.0.1", port), _Handler)
            except OSError:
                continue
            return
        ports = ", ".join(map(str, PORTS))
        raise SignInError(
            f"The ports {ports} on this computer are all in use",
            hint="Close the programs that use them (another sign-in?) and try again.",
        )

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.server_close()

    @property
    def redirect_uri(self) -> str:
        return redirect_uri(self.server_port)

    def wait(self, seconds: float) -> dict[str, str]:
        """Return the query of the one request. SignInError if none arrives or it is not the
        redirect.
        """
        deadline = time.monotonic() + seconds
        while not self.is_served and time.monotonic() < deadline:
            self.handle_request()
        if not self.is_served:
            raise SignInError(
                f"Nobody signed in within {round(seconds / 60)} minutes",
                hint="Run imagebatch login again.",
            )
        if self.query is None:
            raise SignInError(
                "The response did not come from the sign-in page",
                hint="Run imagebatch login again.",
            )
        return self.query


class _Handler(BaseHTTPRequestHandler):
    server: LoopbackServer
    timeout = IDLE_CONNECTION_SECONDS  # browsers open connections that they never use
    raw_requestline = b""

    def handle_one_request(self) -> None:
        super().handle_one_request()
        self.server.is_served = self.server.is_served or bool(self.raw_requestline)

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path != PATH:
            self.send_error(404)
            return
        self.server.query = dict(parse_qsl(parts.query))
        if "code" in self.server.query:
            self._answer("Almost done", "Return to the terminal. You can close this tab.")
        else:
            self._answer("Sign-in failed", "The terminal shows the reason. You can close this tab.")

    def _answer(self, title: str, text: str) -> None:
        body = PAGE.format(title=html.escape(title), text=html.escape(text)).encode()
        self.send_response(200)
        for name, value in {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (http.server's name)
        """Never log the request line: it contains the code."""
