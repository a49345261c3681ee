"""Standard Webhooks to URLs from clients, on the public internet only.

The name is resolved once, each of its addresses is checked, and the connection goes to a checked
one, so a changed DNS answer has no effect. TLS still verifies the name.
"""

import base64
import binascii
import json
import socket
import ssl
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import httpcore
import httpx

from imagebatch.adapters.deadline import DeadlineBackend, deadline
from imagebatch.domain.errors import WebhookDeliveryError
from imagebatch.intake.urls import at_origin, is_public_address, why_not_callable
from imagebatch.ports.clock import Clock
from imagebatch.ports.webhooks import Receipt, Webhooks

SECONDS = 15.0
"""For one attempt, from the connection to the response's status."""
CONNECT_SECONDS = 5.0
PREFIX = "whsec_"

type Resolve = Callable[[str, int], Sequence[str]]
"""(host, port) -> its IP addresses now; OSError if it does not resolve."""


class StandardWebhooks(Webhooks):
    """`ports.Webhooks`. `secret` returns 24 to 64 bytes in base64, with or without `whsec_`.

    Several of them, separated by white space, each sign the message during a rotation.
    `development_origin` is a receiver's scheme, host and port that need not be public.
    """

    def __init__(
        self,
        secret: Callable[[], str],
        clock: Clock,
        *,
        development_origin: str = "",
        resolve: Resolve | None = None,
        backend: httpcore.NetworkBackend | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._secret = secret
        self._clock = clock
        self._development = development_origin
        self._resolve = resolve or addresses_of
        self._backend = backend or DeadlineBackend()
        self._ssl_context = ssl_context

    def post(self, url: str, message_id: str, body: Mapping[str, Any]) -> Receipt:
        if why_not_callable(url, self._development):
            return Receipt.REFUSED
        trusted = at_origin(url, self._development)
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        headers = self._headers(message_id, content)
        try:
            with deadline(SECONDS):
                status = self._send(httpx.URL(url), headers, content.encode(), trusted=trusted)
        except (_NotPublicError, httpx.InvalidURL):
            return Receipt.REFUSED
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
            reason = f"the receiver did not respond: {type(error).__name__}"
            raise WebhookDeliveryError(reason) from error
        return _receipt(status)

    def _headers(self, message_id: str, content: str) -> dict[str, str]:
        from standardwebhooks import Webhook

        now = self._clock.now()
        signatures = [
            Webhook(key).sign(message_id, now, content) for key in signing_keys(self._secret())
        ]
        return {
            "Content-Type": "application/json",
            "User-Agent": "imagebatch",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
        }

    def _send(
        self, target: httpx.URL, headers: Mapping[str, str], content: bytes, *, trusted: bool
    ) -> int:
        """Return the response's status. Its body is not read, and a redirect is not followed."""
        backend = _PinnedBackend(self._resolve, self._backend, trusted=trusted)
        context = self._ssl_context or _usual_context()
        with (
            httpcore.ConnectionPool(ssl_context=context, network_backend=backend) as pool,
            pool.stream(
                "POST",
                httpcore.URL(
                    scheme=target.raw_scheme,
                    host=target.raw_host,
                    port=target.port,
                    target=target.raw_path,
                ),
                headers=list(headers.items()),
                content=content,
                extensions={"timeout": {"connect": CONNECT_SECONDS}},
            ) as answer,
        ):
            return answer.status


def addresses_of(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def signing_keys(text: str) -> list[bytes]:
    """ValueError for a text with anything but secrets, without repeating it."""
    try:
        keys = [base64.b64decode(part.removeprefix(PREFIX), validate=True) for part in text.split()]
    except binascii.Error:
        keys = []
    if not keys or not all(24 <= len(key) <= 64 for key in keys):
        raise ValueError("the webhook secret is not 24 to 64 bytes in base64")
    return keys


@cache
def _usual_context() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def _receipt(status: int) -> Receipt:
    if 200 <= status < 300:
        return Receipt.DELIVERED
    if status == httpx.codes.GONE:
        return Receipt.GONE
    raise WebhookDeliveryError(f"the receiver returned {status}")


class _NotPublicError(Exception):
    """The name has an address that is not allowed."""


class _PinnedBackend(httpcore.NetworkBackend):
    """Connects to checked addresses; `trusted` allows private ones."""

    def __init__(
        self, resolve: Resolve, backend: httpcore.NetworkBackend, *, trusted: bool
    ) -> None:
        self._resolve = resolve
        self._backend = backend
        self._trusted = trusted

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        failed: Exception = httpcore.ConnectError("the name does not resolve")
        for address in self._checked(host, port):
            try:
                return self._backend.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed

    def _checked(self, host: str, port: int) -> Sequence[str]:
        try:
            found = self._resolve(host, port)
        except UnicodeError as error:
            raise _NotPublicError from error
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        if not self._trusted and not all(is_public_address(address) for address in found):
            raise _NotPublicError
        return found
