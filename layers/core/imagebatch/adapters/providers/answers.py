"""Interprets providers' responses: HTTP errors, failed predictions, the image in an output."""

import base64
import binascii
import re
import time
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, TypeGuard

import httpx

from imagebatch.adapters.providers.failure_texts import classify
from imagebatch.adapters.providers.read_json import read_json
from imagebatch.adapters.providers.transport import DeadlineTransport, is_create_request
from imagebatch.domain.errors import (
    Failure,
    FailureCode,
    ProviderAuthError,
    ProviderError,
    ProviderUnavailableError,
    RateLimitedError,
    RejectedError,
)
from imagebatch.ports.providers import Prediction, PredictionStatus
from imagebatch.structs import replace

DEFAULT_WAIT = 5.0
MAX_DEPTH = 16
"""How deep a text or an image is looked for in a response."""
MAX_RETRY_AFTER_SECONDS = 300.0

_AUTH_REASONS = {
    401: "does not accept the configured API key.",
    402: "has no credit left on this account.",
    403: "does not permit this request with the configured API key.",
}
_INVALID = {400, 413, 422}
_GATEWAY_GAVE_UP = {504, 524}
"""A gateway timed out; the provider may have started the prediction nevertheless."""

_ID = re.compile(r"[!-~]{1,200}")
"""No provider's IDs are longer; others could be neither stored nor used in a URL."""
_RESETS_IN = re.compile(r"resets in ~?\s*(\d+(?:\.\d+)?)\s*s", re.IGNORECASE)
_ADDRESS = re.compile(r"\b(?:https?://|data:)\S+", re.IGNORECASE)
_MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF")
_IMAGE_KEYS = ("image_url", "url", "image", "images", "output", "result", "data", "message")


class MissingError(RejectedError):
    """404 or 410: the provider does not have the resource."""

    def __init__(self, vendor: str) -> None:
        super().__init__(FailureCode.PROVIDER_REJECTED, f"{vendor} returned 404 Not Found.")


class AuthorizedTransport(httpx.BaseTransport):
    """Adds the key and returns only successful responses; others raise the ProviderError family.

    A rejected key is read again once (`key.refresh()`, if it has one), so that it can be rotated
    without a deploy.
    """

    def __init__(
        self,
        vendor: str,
        key: Callable[[], str],
        wire: DeadlineTransport,
        *,
        scheme: str = "Bearer",
    ) -> None:
        self._vendor = vendor
        self._scheme = scheme
        self._key = key
        self._refresh: Callable[[], str] = getattr(key, "refresh", key)
        self._wire = wire

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        key = self._key()
        response = self._send(request, key)
        if response.status_code == 401:
            fresh = self._refresh()
            if fresh != key:
                response = self._send(request, fresh)
        if not response.is_success:
            raise error_of(self._vendor, response, is_create_request=is_create_request(request))
        return response

    def close(self) -> None:
        self._wire.close()

    def _send(self, request: httpx.Request, key: str) -> httpx.Response:
        request.headers["Authorization"] = f"{self._scheme} {key}"
        return self._wire.handle_request(request)


def error_of(vendor: str, response: httpx.Response, *, is_create_request: bool) -> ProviderError:
    """Return the error for an unsuccessful response."""
    status = response.status_code
    if status in _AUTH_REASONS:
        return ProviderAuthError(f"{vendor} {_AUTH_REASONS[status]}")
    if status in {404, 410}:
        return MissingError(vendor)
    if status == 429:
        return RateLimitedError(f"{vendor} rate-limited the request (429).", retry_after(response))
    if 400 <= status < 500 and status not in {408, 425}:
        code = FailureCode.INVALID_INPUT if status in _INVALID else FailureCode.PROVIDER_REJECTED
        return RejectedError(
            code, _detail(response) or f"{vendor} rejected the request ({status})."
        )
    timed_out = status in {408, *_GATEWAY_GAVE_UP}
    return ProviderUnavailableError(
        f"{vendor} returned an error ({status}).",
        code=FailureCode.PROVIDER_TIMEOUT if timed_out else FailureCode.PROVIDER_UNAVAILABLE,
        maybe_billed=is_create_request and status in _GATEWAY_GAVE_UP,
    )


def retry_after(response: httpx.Response) -> float:
    """Return the seconds to wait: from the body's `retry_after`, the header, or the sentence; never
    hours.
    """
    for seconds in _waits(response):
        return min(max(seconds, 1.0), MAX_RETRY_AFTER_SECONDS)
    return DEFAULT_WAIT


def _waits(response: httpx.Response) -> Iterator[float]:
    body = read_json(response.content)
    in_body = body.get("retry_after") if isinstance(body, Mapping) else None
    for value in (in_body, response.headers.get("Retry-After")):
        seconds = _seconds(value)
        if seconds is not None:
            yield seconds
    found = _RESETS_IN.search(text_of(response))
    if found:
        yield float(found[1])


def _seconds(value: Any) -> float | None:
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        seconds = _seconds_until(value)
    return seconds if 0 <= seconds < float("inf") else None


def _seconds_until(date: Any) -> float:
    try:
        return max(0.0, parsedate_to_datetime(str(date)).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return -1.0


def text_of(response: httpx.Response) -> str:
    """As UTF-8, whatever charset it names: some that Python knows (`hex`) decode no text."""
    return response.content.decode("utf-8", "replace")


def json_object(vendor: str, response: httpx.Response, *, maybe_billed: bool) -> dict[str, Any]:
    body = read_json(response.content)
    if not isinstance(body, dict):
        raise ProviderUnavailableError(
            f"The response of {vendor} cannot be read.", maybe_billed=maybe_billed
        )
    return body


def is_prediction_id(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def plain(text: str) -> str:
    """Clean a provider's text for display: URLs in it may be signed, or contain megabytes
    of data.
    """
    legible = text[:4000].encode("utf-8", "replace").decode()
    return " ".join(_ADDRESS.sub("(address)", legible).split())


def _detail(response: httpx.Response) -> str:
    return plain("; ".join(_sentences(read_json(response.content))))


def _sentences(body: Any, depth: int = 0) -> Iterator[str]:
    if depth > MAX_DEPTH:
        return
    if isinstance(body, str):
        yield body
    elif isinstance(body, list):
        for entry in body[:20]:
            yield from _sentences(entry, depth + 1)
    elif isinstance(body, Mapping):
        for key in ("detail", "msg", "message", "error", "error_message", "title"):
            if body.get(key):
                yield from _sentences(body[key], depth + 1)
                return


def failed(prediction_id: str, text: Any) -> Prediction:
    """A prediction that the provider reports as failed, classified by its text."""
    reason = plain("; ".join(_sentences(_unwrapped(text))))
    if not reason:
        nothing = "The provider failed and gave no reason."
        return failure(prediction_id, FailureCode.PROVIDER_UNAVAILABLE, nothing)
    meaning = classify(reason)
    found = failure(prediction_id, meaning.code, reason)
    return replace(found, try_again=meaning.try_again)


def failure(
    prediction_id: str, code: FailureCode, reason: str, *, billed: bool = False
) -> Prediction:
    return Prediction(
        prediction_id,
        PredictionStatus.FAILED,
        failure=Failure.of(code, reason),
        try_again=code.retryable,
        billed=billed,
    )


def _unwrapped(text: Any) -> Any:
    """RunPod's handlers report an error as JSON in a string."""
    if isinstance(text, str) and text.lstrip().startswith("{"):
        return read_json(text) or text
    return text


def succeeded(
    prediction_id: str, output: Any, seconds: float | None = None, logs: str = ""
) -> Prediction:
    """A prediction that the provider reports as done must still contain an image.

    Without one it is paid for nevertheless, and its logs may say that the image was withheld.
    """
    image = next(_images(output), None)
    if image is None and logs and classify(logs).code is FailureCode.CONTENT_REFUSED:
        return replace(failed(prediction_id, logs), billed=True)
    if image is None:
        return failure(
            prediction_id,
            FailureCode.INVALID_OUTPUT,
            "The provider finished without an image.",
            billed=True,
        )
    return Prediction(prediction_id, PredictionStatus.SUCCEEDED, output=image, seconds=seconds)


def _images(output: Any, depth: int = 0) -> Iterator[str]:
    """Yield every image in an output, as a URL or a data URI; likely places first."""
    if depth > MAX_DEPTH:
        return
    if isinstance(output, str):
        yield from _image_in(output)
    elif isinstance(output, list):
        for entry in output:
            yield from _images(entry, depth + 1)
    elif isinstance(output, Mapping):
        likely = [key for key in _IMAGE_KEYS if key in output]
        for key in [*likely, *(key for key in output if key not in likely)]:
            yield from _images(output[key], depth + 1)


def _image_in(text: str) -> Iterator[str]:
    if text.startswith(("https://", "http://", "data:")):
        yield text
    elif _is_base64_image(text):
        yield f"data:application/octet-stream;base64,{text}"


def _is_base64_image(text: str) -> bool:
    try:
        head = "".join(text[:64].split())[:16]
        return base64.b64decode(head, validate=True).startswith(_MAGIC)
    except (binascii.Error, ValueError):
        return False
