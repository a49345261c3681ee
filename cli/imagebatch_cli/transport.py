"""HTTP client with retries: each call can be repeated, creating calls under the same key."""

import itertools
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import httpx

from imagebatch_cli.errors import CliError, InvalidInputError, ProblemError, UnreachableError
from imagebatch_cli.retries import backoff

RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})
MAX_FIRST_CONTACT_TRIES = 3
"""A wrong URL fails quickly; once the service has responded, the full retry time applies."""
TIMEOUT = httpx.Timeout(35, connect=10)
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError)


class Transport:
    """Retries a call for `retry_seconds`; `notify` is called before each wait."""

    def __init__(
        self,
        url: str,
        auth: httpx.Auth | None,
        *,
        retry_seconds: float,
        notify: Callable[[str], None],
        timeout: httpx.Timeout = TIMEOUT,
    ) -> None:
        self.retry_seconds = retry_seconds
        self.notify = notify
        self._url = _checked(url)
        self._reached = False
        headers = {"User-Agent": f"imagebatch-cli/{cli_version()}"}
        self._client = httpx.Client(base_url=self._url, headers=headers, auth=auth, timeout=timeout)

    def close(self) -> None:
        self._client.close()

    def send(
        self, method: str, path: str, *, busy: Collection[int] = (), **request: Any
    ) -> httpx.Response:
        """Return the response, a success or a redirect. ProblemError, UnreachableError.

        `busy` are further statuses that mean "not yet" for this call, if they say when to retry.
        """
        deadline = time.monotonic() + self.retry_seconds
        for tries in itertools.count(1):
            outcome = self._attempt(method, path, request)
            if isinstance(outcome, httpx.Response):
                return outcome
            again = RETRIED_STATUSES.union(busy) if outcome.retry_after else RETRIED_STATUSES
            if isinstance(outcome, ProblemError) and outcome.code not in again:
                raise outcome
            pause = max(backoff(tries), outcome.retry_after)
            if self._is_hopeless(outcome, tries) or time.monotonic() + pause > deadline:
                raise outcome
            self.notify(f"{outcome.message}. Retrying in {pause:.1f} s.")
            time.sleep(pause)
        raise AssertionError("unreachable")

    def _attempt(
        self, method: str, path: str, request: dict[str, Any]
    ) -> httpx.Response | ProblemError | UnreachableError:
        try:
            response = self._client.request(method, path, **request)
        except httpx.TransportError as error:
            return self._lost(error)
        except UnreachableError as error:  # the issuer, while the token was being renewed
            return error
        self._reached = True
        if response.status_code < httpx.codes.BAD_REQUEST:
            return response
        problem = ProblemError(response)
        problem.retry_after = retry_after(response)
        return problem

    def _is_hopeless(self, outcome: CliError, tries: int) -> bool:
        never_sent = isinstance(outcome.__cause__, NEVER_SENT)
        return never_sent and not self._reached and tries >= MAX_FIRST_CONTACT_TRIES

    @contextmanager
    def stream(self, path: str, headers: dict[str, str]) -> Iterator[httpx.Response]:
        """Make one attempt; httpx.TransportError if the connection is lost."""
        with self._client.stream("GET", path, headers=headers) as response:
            yield response

    def _lost(self, error: httpx.TransportError) -> UnreachableError:
        if isinstance(error, NEVER_SENT):
            what = "cannot be reached"
        elif isinstance(error, httpx.TimeoutException):
            what = "did not respond in time"
        else:
            what = "closed the connection"
        reason = f" ({error})" if str(error) else ""
        hint = "" if self._reached else "Check --url or IMAGEBATCH_URL, and the network."
        lost = UnreachableError(f"{self._url} {what}{reason}", hint=hint)
        lost.answer_lost = not isinstance(error, NEVER_SENT)
        lost.__cause__ = error
        return lost


def _checked(url: str) -> str:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise InvalidInputError(f"Not a URL: {url!r} ({error})") from error
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise InvalidInputError(f"Not an http(s) URL: {url!r}", hint="See --url.")
    return url.rstrip("/")


def retry_after(response: httpx.Response) -> float:
    """Return the seconds that the response asks to wait; 0 if it does not say."""
    value: str = response.headers.get("Retry-After", "").strip()
    if value.isdigit():
        return float(value)
    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return 0
    return max(0.0, when.timestamp() - time.time())


def cli_version() -> str:
    try:
        return version("imagebatch")
    except PackageNotFoundError:
        return "0"
