"""Replicate, through its own client, with workarounds for the client's pitfalls.

The client gets a transport that keeps our deadline, reads error texts, does not retry, and returns
only responses that the client can parse.
"""

import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, override
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
)
from imagebatch.adapters.providers.download import Downloader
from imagebatch.adapters.providers.read_json import is_same_input
from imagebatch.adapters.providers.transport import MEGABYTE, DeadlineTransport, is_create_request
from imagebatch.domain.errors import (
    FailureCode,
    ModelUnavailableError,
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

if TYPE_CHECKING:
    from replicate.client import Client
    from replicate.prediction import Prediction as Answer

VENDOR = "Replicate"
API = "https://api.replicate.com"
OUTPUT_HOSTS = ("replicate.delivery", "*.replicate.delivery")
MAX_ANSWER_BYTES = 32 * MEGABYTE
PREDICTIONS = "/v1/predictions"
MAX_PAGES = 20
"""Pages of 100 predictions: more than an account can create in three minutes."""
CLOCK_TOLERANCE = timedelta(seconds=2)
"""How far Replicate's clock may be behind ours."""

_STATUSES = {
    "succeeded": "succeeded",
    "failed": "failed",
    "canceled": "canceled",
    "aborted": "canceled",
    "starting": "starting",
}
MAX_LOG_CHARACTERS = 4_000
_REMOVED = "The provider has already deleted the image."
_NO_MODEL = re.compile(r"specified version does not exist|invalid version", re.IGNORECASE)


class ReplicateProvider(ImageProvider):
    """`token` is called for each request; if it has a `refresh`, that is called on a 401.

    `base_url` is the root of a development API; files are then downloaded from it, too.
    """

    def __init__(
        self,
        token: Callable[[], str],
        base_url: str = "",
        *,
        seconds: float = 20.0,
        download_seconds: float = 30.0,
    ) -> None:
        self._token = token
        self._base_url = base_url.rstrip("/")
        self._seconds = seconds
        self._files = Downloader(
            VENDOR, OUTPUT_HOSTS, development_url=self._base_url, seconds=download_seconds
        )

    @override
    def create(self, request: ImageRequest) -> Prediction:
        name, _, version = request.model.partition(":")
        values = dict(request.input)
        if name.count("/") != 1:
            raise _no_model(request.model)
        try:
            if version:
                return _prediction(self._client.predictions.create(version=version, input=values))
            return _prediction(self._client.models.predictions.create(model=name, input=values))
        except MissingError:
            raise _no_model(request.model) from None
        except RejectedError as error:
            if _NO_MODEL.search(error.reason):
                raise _no_model(request.model) from None
            raise

    @override
    def find_created(self, request: ImageRequest, since: datetime) -> CreateLookup:
        """Uses the list of the account's predictions, newest first."""
        start = since - CLOCK_TOLERANCE
        cursor: str | None = f"{PREDICTIONS}?created_after={quote(start.isoformat())}"
        found: list[Answer] = []
        unknown: list[str] = []
        ends = time.monotonic() + self._seconds
        for _ in range(MAX_PAGES):
            if time.monotonic() > ends:
                raise ProviderUnavailableError(f"{VENDOR} took too long to list its predictions.")
            page = self._client.predictions.list(cursor)
            for answer in page.results:
                if _created_at(answer) < start:
                    return CreateLookup(_oldest_first(found), tuple(unknown))
                if not _is_of_model(answer, request.model):
                    continue
                if answer.input is None:
                    unknown.append(answer.id)
                elif is_same_input(request.input, answer.input):
                    found.append(answer)
            cursor = page.next
            if cursor is None:
                return CreateLookup(_oldest_first(found), tuple(unknown))
        return CreateLookup(_oldest_first(found), tuple(unknown), complete=False)

    @override
    def get(self, prediction_id: str, request: ImageRequest) -> Prediction:
        try:
            return _prediction(self._client.predictions.get(quote(prediction_id, safe="")))
        except MissingError:
            return failure(
                prediction_id,
                FailureCode.PROVIDER_UNAVAILABLE,
                "Replicate no longer knows this prediction.",
                billed=True,
            )

    @override
    def cancel(self, prediction_id: str, request: ImageRequest) -> None:
        try:
            self._client.predictions.cancel(quote(prediction_id, safe=""))
        except RejectedError:
            return

    @override
    def fetch(self, prediction: Prediction, request: ImageRequest) -> bytes:
        if prediction.output is None:
            raise ProviderUnavailableError(_REMOVED, code=FailureCode.INVALID_OUTPUT)
        return self._files.fetch(prediction.output)

    def close(self) -> None:
        self._files.close()
        self._transport.close()

    @cached_property
    def _transport(self) -> "_ReplicateTransport":
        wire = DeadlineTransport(VENDOR, seconds=self._seconds, max_bytes=MAX_ANSWER_BYTES)
        return _ReplicateTransport(AuthorizedTransport(VENDOR, self._token, wire))

    @cached_property
    def _client(self) -> "Client":
        from replicate.client import Client

        # With our own Authorization header, the client does not look for a token in the
        # environment; the transport replaces it with the real one.
        return Client(
            base_url=self._base_url or API,
            headers={"Authorization": "Bearer"},
            transport=self._transport,
            trust_env=False,
        )


class _ReplicateTransport(httpx.BaseTransport):
    """Rewrites each response for the client's model.

    The client rejects the status `aborted` and ignores `data_removed`, and a prediction whose
    response it cannot parse would be lost after it was paid for.
    """

    def __init__(self, api: AuthorizedTransport) -> None:
        self._api = api

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._api.handle_request(request)
        if request.method == "GET" and request.url.path == PREDICTIONS:
            return httpx.Response(200, json=_parsable_list(response))
        body = self._object(request, response)
        return httpx.Response(response.status_code, json=_parsable(body))

    def close(self) -> None:
        self._api.close()

    def _object(self, request: httpx.Request, response: httpx.Response) -> dict[str, Any]:
        if request.url.path.endswith("/cancel"):
            return {"id": "", "status": "canceled"}
        body = json_object(VENDOR, response, maybe_billed=is_create_request(request))
        if not is_prediction_id(body.get("id")):
            raise ProviderUnavailableError(
                f"{VENDOR} returned no prediction.", maybe_billed=is_create_request(request)
            )
        return body


def _parsable(body: dict[str, Any]) -> dict[str, Any]:
    error = body.get("error")
    if body.get("data_removed") and not body.get("output"):
        error = _REMOVED
    return {
        "id": body["id"],
        "model": str(body.get("model") or ""),
        "version": str(body.get("version") or "hidden"),
        "status": _STATUSES.get(str(body.get("status")), "processing"),
        "output": body.get("output"),
        "logs": str(body.get("logs") or "")[-MAX_LOG_CHARACTERS:],
        "error": error if error is None or isinstance(error, str) else json.dumps(error),
        "created_at": str(body.get("created_at") or ""),
        "completed_at": str(body.get("completed_at") or ""),
    }


def _parsable_list(response: httpx.Response) -> dict[str, Any]:
    """Only the query of the next page's URL is kept, so that the key is sent to no other host."""
    body = json_object(VENDOR, response, maybe_billed=False)
    entries = body.get("results")
    if not isinstance(entries, list):
        raise ProviderUnavailableError(f"{VENDOR} returned no list.")
    listed = [
        each for each in entries if isinstance(each, dict) and is_prediction_id(each.get("id"))
    ]
    _, has_query, query = str(body.get("next") or "").partition("?")
    return {
        "results": [{**_parsable(each), "input": _input_of(each)} for each in listed],
        "next": f"{PREDICTIONS}?{query}" if has_query else None,
    }


def _input_of(entry: dict[str, Any]) -> dict[str, Any] | None:
    given = entry.get("input")
    return given if isinstance(given, dict) and not entry.get("data_removed") else None


def _is_of_model(answer: "Answer", model: str) -> bool:
    name, _, version = model.partition(":")
    return answer.model in ("", name) and version in ("", answer.version)


def _created_at(answer: "Answer") -> datetime:
    """A prediction without a time counts as new, so that it is not missed."""
    try:
        created = datetime.fromisoformat(answer.created_at or "")
        return created if created.tzinfo else created.replace(tzinfo=UTC)
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)


def _oldest_first(found: "list[Answer]") -> tuple[Prediction, ...]:
    return tuple(_prediction(answer) for answer in sorted(found, key=_created_at))


def _prediction(answer: "Answer") -> Prediction:
    match answer.status:
        case "starting" | "processing":
            return Prediction(answer.id, PredictionStatus.RUNNING)
        case "succeeded" if answer.error == _REMOVED:
            return failure(answer.id, FailureCode.INVALID_OUTPUT, _REMOVED, billed=True)
        case "succeeded":
            return succeeded(answer.id, answer.output, _seconds(answer), answer.logs or "")
        case "canceled":
            return Prediction(answer.id, PredictionStatus.CANCELLED)
        case _:
            return failed(answer.id, answer.error)


def _seconds(answer: "Answer") -> float | None:
    try:
        start = datetime.fromisoformat(answer.created_at or "")
        return (datetime.fromisoformat(answer.completed_at or "") - start).total_seconds()
    except (TypeError, ValueError):
        return None


def _no_model(model: str) -> ModelUnavailableError:
    return ModelUnavailableError(
        f"Replicate has no model {model}: choose another `model`, "
        "or change the DefaultModel setting.",
    )
