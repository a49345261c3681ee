"""The faults of a connection: responses that hang, break off or never end."""

import select
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from threading import Event

from testing.fake_providers.faults import Rule
from testing.fake_providers.responses import Response

HUGE = 500 * 1024 * 1024


def whole(response: Response) -> bytes:
    """A response as sent on the wire."""
    status, headers, body = response
    lines = [f"HTTP/1.1 {status} Fake", *(f"{name}: {value}" for name, value in headers.items())]
    lines += [f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def misbehave(
    handler: BaseHTTPRequestHandler, rule: Rule, right: Response, stopping: Event
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
