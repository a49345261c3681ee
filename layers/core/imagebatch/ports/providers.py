"""What makes images."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from imagebatch.domain.errors import Failure
from imagebatch.domain.rehearsal import Rehearsal
from imagebatch.structs import Struct


class ImageRequest(Struct, frozen=True):
    """`model` is the provider's name for it, `input` uses the model's field names."""

    model: str
    input: Mapping[str, Any]
    prompt: str
    aspect_ratio: str | None = None
    rehearsal: Rehearsal | None = None
    """The simulated outcome that the development provider has to produce."""


class PredictionStatus(StrEnum):
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Prediction(Struct, frozen=True):
    """`output` is a URL or a data URI of the image; `failure` says why there is none.

    `try_again` marks a failure that another prediction may fix; `billed` one that is or may have
    been paid for. `seconds` is how long it took by the provider's own clock, from the request to
    its end; None if the provider does not say.
    """

    id: str
    status: PredictionStatus
    output: str | None = None
    failure: Failure | None = None
    try_again: bool = False
    seconds: float | None = None
    billed: bool = False


class CreateLookup(Struct, frozen=True):
    """The predictions in the provider's list that may belong to a create whose response was lost.

    `matches` are the account's predictions of this model and input, oldest first. `unknown` are the
    IDs of those whose input the provider has removed. Unless `complete`, there may be others that
    it does not list.
    """

    matches: tuple[Prediction, ...] = ()
    unknown: tuple[str, ...] = ()
    complete: bool = True


class ImageProvider(Protocol):
    """One image provider.

    Every call may raise the ProviderError family and ends within its own timeout.
    """

    def create(self, request: ImageRequest) -> Prediction:
        """Start a prediction and return without waiting for it."""
        ...

    def find_created(self, request: ImageRequest, since: datetime) -> CreateLookup:
        """Look for the prediction of a create since then whose response was lost."""
        ...

    def get(self, prediction_id: str, request: ImageRequest) -> Prediction: ...

    def cancel(self, prediction_id: str, request: ImageRequest) -> None:
        """Ask the provider to stop; one that has ended stays unchanged."""
        ...

    def fetch(self, prediction: Prediction, request: ImageRequest) -> bytes:
        """Return the image's bytes.

        ProviderUnavailableError if they are not available now, OutputGoneError never.
        """
        ...
