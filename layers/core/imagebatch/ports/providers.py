"""What makes images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from imagebatch.domain.errors import Failure
from imagebatch.domain.rehearsal import Rehearsal


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """`model` is the provider's own name for it, `input` in the model's own words."""

    model: str
    input: Mapping[str, Any]
    prompt: str
    aspect_ratio: str | None = None
    rehearsal: Rehearsal | None = None
    """What the development provider is to do instead of its work."""


class PredictionStatus(StrEnum):
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Prediction:
    """`output` is a URL or a data URI of the image; `failure` says why there is none.

    `try_again` marks a failure that one more prediction may cure; `billed` one that is paid for, or
    may have been. `seconds` is how long it took by
    the provider's own clock, from the request to its end; None where the provider does not say.
    """

    id: str
    status: PredictionStatus
    output: str | None = None
    failure: Failure | None = None
    try_again: bool = False
    seconds: float | None = None
    billed: bool = False


class ImageProvider(Protocol):
    """One image provider. Every call may raise the ProviderError family and ends within its own
    time-out.
    """

    def create(self, request: ImageRequest) -> Prediction:
        """Starts a prediction and returns without waiting for it."""
        ...

    def find_created(self, request: ImageRequest, since: datetime) -> Sequence[Prediction] | None:
        """The account's predictions of this model and input since then, oldest first: what a create
        whose answer was lost may have made. None where the provider cannot tell that there is none.
        """
        ...

    def get(self, prediction_id: str, request: ImageRequest) -> Prediction: ...

    def cancel(self, prediction_id: str, request: ImageRequest) -> None:
        """Asks the provider to stop; one that has ended already stays as it is."""
        ...

    def fetch(self, prediction: Prediction, request: ImageRequest) -> bytes:
        """The image's bytes. ProviderUnavailableError when they cannot be had now, OutputGoneError
        never.
        """
        ...
