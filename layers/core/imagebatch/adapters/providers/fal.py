"""fal's queue API, over httpx: https://fal.ai/docs/model-endpoints/queue

A create's URL contains the model's full name; status, result and cancel are under its first two
parts, as in the response's status_url, response_url and cancel_url. Only the ID is stored.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, override
from urllib.parse import quote

import httpx

from imagebatch.adapters.providers.answers import (
    AuthorizedTransport,
    MissingError,
    failed,
    failure,
    is_prediction_id,
    json_object,
    succeeded,
    text_of,
)
from imagebatch.adapters.providers.download import Downloader
from imagebatch.adapters.providers.read_json import is_same_input
from imagebatch.adapters.providers.transport import MEGABYTE, DeadlineTransport
from imagebatch.domain.errors import (
    FailureCode,
    ModelUnavailableError,
    ProviderAuthError,
    ProviderUnavailableError,
    RejectedError,
)
from imagebatch.ports.providers import (
    CreateLookup,
    ImageProvider,
    ImageRequest,
    Prediction,
    PredictionStatus,
)

VENDOR = "fal"
API = "https://queue.fal.run"
PLATFORM_API = "https://api.fal.ai"
REQUESTS = "/v1/models/requests/by-endpoint"
"""https://fal.ai/docs/platform-apis/v1/models/requests/by-endpoint"""
MAX_LISTED = 100
KEY_SCHEME = "Key"
OUTPUT_HOSTS = ("fal.media", "*.fal.media")
MAX_ANSWER_BYTES = 72 * MEGABYTE
"""An image may be included in the response, in base64."""

_RESULT = re.compile(r"/requests/[^/]+$")
_ABOUT_THE_CALL = {401, 402, 403, 404, 408, 410, 425, 429}
_INVALID = (400, 413, 422)
_TIMEOUTS = ("request_timeout", "startup_timeout")
_CANCELLED = ("CANCELED", "CANCELLED")


class FalProvider(ImageProvider):
    """`key` is called for each request; if it has a `refresh`, that is called on a 401.

    `base_url` is the root of a development queue.
    """

    def __init__(
        self,
        key: Callable[[], str],
        base_url: str = "",
        *,
        seconds: float = 10.0,
        download_seconds: float = 30.0,
    ) -> None:
        self._key = key
        self._base_url = base_url.rstrip("/")
        self._seconds = seconds
        self._files = Downloader(
            VENDOR, OUTPUT_HOSTS, development_url=self._base_url, seconds=download_seconds
        )

    @override
    def create(self, request: ImageRequest) -> Prediction:
        try:
            response = self._client.post(f"/{_quoted(request.model)}", json=dict(request.input))
        except MissingError:
            raise ModelUnavailableError(
                f"fal has no model {request.model}: choose another `model`, "
                "or change the DefaultModel setting.",
            ) from None
        answer = json_object(VENDOR, response, maybe_billed=True)
        request_id = answer.get("request_id")
        if not is_prediction_id(request_id):
            raise ProviderUnavailableError(f"{VENDOR} returned no request_id.", maybe_billed=True)
        return Prediction(request_id, PredictionStatus.RUNNING)

    @override
    def find_created(self, request: ImageRequest, since: datetime) -> CreateLookup:
        """Uses the list of requests, which contains only ended ones: a missing one may be
        running.
        """
        asked = {
            "endpoint_id": request.model,
            "start": since.isoformat(),
            "expand": "payloads",
            "limit": str(MAX_LISTED),
        }
        url = f"{self._base_url or PLATFORM_API}{REQUESTS}"
        try:
            answer = json_object(VENDOR, self._client.get(url, params=asked), maybe_billed=False)
        except (RejectedError, ProviderAuthError):
            return CreateLookup(complete=False)
        entries = answer.get("items")
        found = (
            Prediction(entry["request_id"], PredictionStatus.RUNNING)
            for entry in reversed(entries if isinstance(entries, list) else [])
            if _is_created_by(entry, request)
        )
        return CreateLookup(tuple(found), complete=False)

    @override
    def get(self, prediction_id: str, request: ImageRequest) -> Prediction:
        path = _path(request, prediction_id)
        try:
            status = self._read(f"{path}/status")
            found = _progress(prediction_id, status)
            return found or _result(prediction_id, self._read(path), _seconds(status))
        except MissingError:
            return failure(
                prediction_id,
                FailureCode.PROVIDER_TIMEOUT,
                "The request has expired at fal.",
                billed=True,
            )

    @override
    def cancel(self, prediction_id: str, request: ImageRequest) -> None:
        try:
            self._client.put(f"{_path(request, prediction_id)}/cancel")
        except RejectedError:
            return

    @override
    def fetch(self, prediction: Prediction, request: ImageRequest) -> bytes:
        if prediction.output is None:
            raise ProviderUnavailableError(
                "The fal request has no image.", code=FailureCode.INVALID_OUTPUT
            )
        return self._files.fetch(prediction.output)

    def close(self) -> None:
        self._files.close()
        self._client.close()

    def _read(self, path: str) -> dict[str, Any]:
        return json_object(VENDOR, self._client.get(path), maybe_billed=False)

    @cached_property
    def _client(self) -> httpx.Client:
        wire = _ResultTransport(VENDOR, seconds=self._seconds, max_bytes=MAX_ANSWER_BYTES)
        return httpx.Client(
            base_url=self._base_url or API,
            transport=AuthorizedTransport(VENDOR, self._key, wire, scheme=KEY_SCHEME),
            trust_env=False,
        )


class _ResultTransport(DeadlineTransport):
    """A failed request's result is an HTTP error. Here it becomes a response that reports it."""

    @override
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        if not _RESULT.search(request.url.path) or not _tells_of_the_request(response):
            return response
        error: Any = text_of(response)
        if "json" in response.headers.get("Content-Type", ""):
            error = json_object(VENDOR, response, maybe_billed=False)
        kind = response.headers.get("X-Fal-Error-Type", "")
        told = {"error": error, "error_type": kind, "error_status": response.status_code}
        return httpx.Response(200, json=told)


def _tells_of_the_request(response: httpx.Response) -> bool:
    """An error of the queue itself has no such header, and is passed on."""
    status = response.status_code
    if 400 <= status < 500:
        return status not in _ABOUT_THE_CALL
    headers = {"X-Fal-Error-Type", "X-Fal-Needs-Retry"}
    return status >= 500 and any(name in response.headers for name in headers)


def _is_created_by(entry: Any, request: ImageRequest) -> bool:
    return (
        isinstance(entry, dict)
        and is_prediction_id(entry.get("request_id"))
        and entry.get("endpoint_id") in (None, request.model)
        and is_same_input(request.input, entry.get("json_input"))
    )


def _quoted(model: str) -> str:
    return quote(model, safe="/")


def _path(request: ImageRequest, request_id: str) -> str:
    owner_and_app = "/".join(request.model.split("/")[:2])
    return f"/{_quoted(owner_and_app)}/requests/{quote(request_id, safe='')}"


def _progress(request_id: str, status: Mapping[str, Any]) -> Prediction | None:
    """Return the prediction for a status; None if the result must be read."""
    if status.get("status") in _CANCELLED or status.get("error_type") == "client_cancelled":
        return Prediction(request_id, PredictionStatus.CANCELLED)
    if status.get("error") or status.get("status") == "FAILED":
        return _failed(request_id, status)
    if status.get("status") == "COMPLETED":
        return None
    return Prediction(request_id, PredictionStatus.RUNNING)


def _result(request_id: str, answer: Mapping[str, Any], seconds: float | None) -> Prediction:
    if answer.get("error_type") == "client_cancelled":
        return Prediction(request_id, PredictionStatus.CANCELLED)
    if answer.get("error"):
        return _failed(request_id, answer)
    return succeeded(request_id, answer.get("images") or answer.get("image"), seconds)


def _failed(request_id: str, answer: Mapping[str, Any]) -> Prediction:
    found = failed(request_id, list(_texts(answer.get("error"))))
    kind = answer.get("error_type")
    if found.failure is None:
        return found
    reason = found.failure.reason
    if kind in _TIMEOUTS:
        return failure(request_id, FailureCode.PROVIDER_TIMEOUT, reason)
    if isinstance(kind, str) and kind.startswith(("runner_", "internal_")):
        return failure(request_id, FailureCode.PROVIDER_UNAVAILABLE, reason)
    unknown = found.failure.code is FailureCode.PROVIDER_REJECTED
    if unknown and answer.get("error_status") in _INVALID:
        return failure(request_id, FailureCode.INVALID_INPUT, reason)
    return found


def _texts(error: Any) -> Iterator[Any]:
    """Return the error's texts, each with its type, by which fal's errors are distinguished."""
    detail = error.get("detail") if isinstance(error, Mapping) else error
    for entry in detail if isinstance(detail, list) else [detail]:
        if isinstance(entry, Mapping) and isinstance(entry.get("type"), str):
            yield f"{entry.get('msg', '')} ({entry['type']})"
        else:
            yield entry


def _seconds(status: Mapping[str, Any]) -> float | None:
    """The processing time, without the time in the queue, which fal does not report."""
    try:
        return float(status["metrics"]["inference_time"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
