"""HTTP for the providers: one deadline and one size limit for a whole exchange.

httpx applies its timeout to each read, so a response that trickles in never times out. Here, the
socket itself knows when the exchange must end.
"""

import io
import ssl
from collections.abc import Iterable
from functools import cache

import httpcore
import httpx

from imagebatch.adapters.deadline import DeadlineBackend, deadline
from imagebatch.domain.errors import FailureCode, ProviderUnavailableError

MEGABYTE = 1024 * 1024
CONNECT_SECONDS = 5.0
KEEPALIVE_SECONDS = 15.0

_NEVER_SENT = (
    httpcore.ConnectError,
    httpcore.ConnectTimeout,
    httpcore.PoolTimeout,
    httpcore.UnsupportedProtocol,
)
_LOST = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError)


def is_create_request(request: httpx.Request) -> bool:
    """Whether the request starts a prediction, so that losing its response may cost money."""
    return request.method == "POST" and "/cancel" not in request.url.path


class DeadlineTransport(httpx.BaseTransport):
    """Sends a request and reads its whole response.

    Ends within `seconds`, whatever timeouts the caller requested, and accepts at most `max_bytes`.
    Raises ProviderUnavailableError in every other case; `vendor` is the name used in its reasons.
    """

    def __init__(self, vendor: str, *, seconds: float, max_bytes: int) -> None:
        self._vendor = vendor
        self._seconds = seconds
        self._max_bytes = max_bytes
        self._pool = _pool(keep=4)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.headers["Accept-Encoding"] = "identity"
        may_bill = is_create_request(request)
        try:
            with deadline(self._seconds):
                return self._create(request) if may_bill else self._send(self._pool, request)
        except _NEVER_SENT as error:
            raise self._unavailable("could not be reached", error) from error
        except _LOST as error:
            raise self._unavailable(
                "did not respond completely", error, maybe_billed=may_bill
            ) from error

    def close(self) -> None:
        self._pool.close()

    def _create(self, request: httpx.Request) -> httpx.Response:
        """On a new connection: on an idle one that has died, it is unknown what arrived."""
        with _pool(keep=0) as pool:
            return self._send(pool, request)

    def _send(self, pool: httpcore.ConnectionPool, request: httpx.Request) -> httpx.Response:
        left = self._seconds
        with pool.stream(
            request.method,
            httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=request.read(),
            extensions={
                "timeout": {"connect": CONNECT_SECONDS, "read": left, "write": left, "pool": left}
            },
        ) as answer:
            headers = httpx.Headers(answer.headers)
            body = self._read(headers, answer.iter_stream(), may_bill=is_create_request(request))
        return httpx.Response(answer.status, headers=headers, content=body)

    def _read(self, headers: httpx.Headers, chunks: Iterable[bytes], *, may_bill: bool) -> bytes:
        if headers.get("Content-Encoding", "identity") != "identity":
            raise self._unusable(
                "compressed, although compression was not requested", may_bill=may_bill
            )
        too_large = f"larger than {self._max_bytes // MEGABYTE} MB"
        if int(headers.get("Content-Length", "0")) > self._max_bytes:
            raise self._unusable(too_large, may_bill=may_bill)
        body = io.BytesIO()
        for chunk in chunks:
            if body.tell() + len(chunk) > self._max_bytes:
                raise self._unusable(too_large, may_bill=may_bill)
            body.write(chunk)
        return body.getvalue()

    def _unavailable(
        self, what: str, error: Exception, *, maybe_billed: bool = False
    ) -> ProviderUnavailableError:
        timed_out = isinstance(error, httpcore.TimeoutException)
        return ProviderUnavailableError(
            f"{self._vendor} {what}{' in time' if timed_out else ''}.",
            code=FailureCode.PROVIDER_TIMEOUT if timed_out else FailureCode.PROVIDER_UNAVAILABLE,
            maybe_billed=maybe_billed,
        )

    def _unusable(self, what: str, *, may_bill: bool) -> ProviderUnavailableError:
        return ProviderUnavailableError(
            f"The response of {self._vendor} is {what}.",
            code=FailureCode.INVALID_OUTPUT,
            maybe_billed=may_bill,
        )


def _pool(*, keep: int) -> httpcore.ConnectionPool:
    return httpcore.ConnectionPool(
        ssl_context=_ssl_context(),
        max_keepalive_connections=keep,
        keepalive_expiry=KEEPALIVE_SECONDS,
        network_backend=DeadlineBackend(),
    )


@cache
def _ssl_context() -> ssl.SSLContext:
    """httpcore's default loads the system's list of authorities and certifi's, each in 20 ms."""
    return httpx.create_ssl_context()
