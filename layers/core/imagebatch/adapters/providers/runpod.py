"""RunPod's serverless endpoints, over httpx."""

from collections.abc import Callable, Collection
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
)
from imagebatch.adapters.providers.download import Downloader
from imagebatch.adapters.providers.transport import MEGABYTE, DeadlineTransport
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

VENDOR = "RunPod"
API = "https://api.runpod.ai"
OUTPUT_HOSTS = ("*.runpod.ai", "*.runpod.net")
"""The hosts from which RunPod itself serves images. An endpoint with its own bucket also needs that
host (`output_hosts`); nothing is downloaded from other hosts.
"""
MAX_ANSWER_BYTES = 72 * MEGABYTE
"""An image may be included in the response, in base64."""


class RunpodProvider(ImageProvider):
    """`key` is called for each request; if it has a `refresh`, that is called on a 401.

    `endpoint_id` is the endpoint for all models; without one, a model's own name is its (public)
    endpoint. `base_url` is the root of a development API.
    """

    def __init__(
        self,
        key: Callable[[], str],
        endpoint_id: str = "",
        base_url: str = "",
        *,
        output_hosts: Collection[str] = (),
        seconds: float = 20.0,
        download_seconds: float = 30.0,
    ) -> None:
        self._key = key
        self._endpoint_id = endpoint_id
        self._base_url = base_url.rstrip("/")
        self._seconds = seconds
        self._files = Downloader(
            VENDOR,
            (*OUTPUT_HOSTS, *output_hosts),
            development_url=self._base_url,
            seconds=download_seconds,
            advice="add it to RunpodOutputHosts if it is yours",
        )

    @override
    def create(self, request: ImageRequest) -> Prediction:
        body = {"input": dict(request.input)}
        try:
            answer = self._call("POST", self._path(request, "run"), billed=True, json=body)
        except MissingError:
            raise ModelUnavailableError(
                f"RunPod has no endpoint {self._endpoint(request)}: check the RunpodEndpointId "
                "setting, the `model`, or the DefaultModel setting.",
            ) from None
        job_id = answer.get("id")
        if not is_prediction_id(job_id):
            raise ProviderUnavailableError(f"{VENDOR} returned no job.", maybe_billed=True)
        return _prediction(job_id, answer)

    @override
    def find_created(self, request: ImageRequest, since: datetime) -> CreateLookup:
        """RunPod does not list jobs."""
        return CreateLookup(complete=False)

    @override
    def get(self, prediction_id: str, request: ImageRequest) -> Prediction:
        try:
            answer = self._call("GET", self._path(request, "status", prediction_id))
        except MissingError:
            return failure(
                prediction_id,
                FailureCode.PROVIDER_TIMEOUT,
                "The job has expired at RunPod.",
                billed=True,
            )
        return _prediction(prediction_id, answer)

    @override
    def cancel(self, prediction_id: str, request: ImageRequest) -> None:
        try:
            self._client.post(self._path(request, "cancel", prediction_id))
        except RejectedError:
            return

    @override
    def fetch(self, prediction: Prediction, request: ImageRequest) -> bytes:
        if prediction.output is None:
            raise ProviderUnavailableError(
                "The RunPod job has no image.", code=FailureCode.INVALID_OUTPUT
            )
        return self._files.fetch(prediction.output)

    def close(self) -> None:
        self._files.close()
        self._client.close()

    def _endpoint(self, request: ImageRequest) -> str:
        return self._endpoint_id or request.model

    def _path(self, request: ImageRequest, *parts: str) -> str:
        path = (quote(part, safe="") for part in (self._endpoint(request), *parts))
        return f"/v2/{'/'.join(path)}"

    def _call(
        self, method: str, path: str, *, billed: bool = False, **kwargs: Any
    ) -> dict[str, Any]:
        response = self._client.request(method, path, **kwargs)
        return json_object(VENDOR, response, maybe_billed=billed)

    @cached_property
    def _client(self) -> httpx.Client:
        wire = DeadlineTransport(VENDOR, seconds=self._seconds, max_bytes=MAX_ANSWER_BYTES)
        return httpx.Client(
            base_url=self._base_url or API,
            transport=AuthorizedTransport(VENDOR, self._key, wire),
            trust_env=False,
        )


def _prediction(job_id: str, answer: dict[str, Any]) -> Prediction:
    output = answer.get("output")
    match answer.get("status"):
        case "COMPLETED" if isinstance(output, dict) and output.get("error"):
            return failed(job_id, output["error"])
        case "COMPLETED":
            return succeeded(job_id, output, _seconds(answer))
        case "CANCELLED":
            return Prediction(job_id, PredictionStatus.CANCELLED)
        case "TIMED_OUT":
            return failure(
                job_id, FailureCode.PROVIDER_TIMEOUT, "The job exceeded RunPod's time limit."
            )
        case "FAILED":
            return failed(job_id, answer.get("error") or output)
        case _:
            return Prediction(job_id, PredictionStatus.RUNNING)


def _seconds(answer: dict[str, Any]) -> float | None:
    """Time in the queue and processing time, which RunPod reports in milliseconds."""
    try:
        return (float(answer["delayTime"]) + float(answer["executionTime"])) / 1000
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
