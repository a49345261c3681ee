"""Events: a message was delivered, or an effect was performed with this result."""

from dataclasses import dataclass
from datetime import datetime

from imagebatch.domain.errors import Failure
from imagebatch.domain.images import Image
from imagebatch.ports.providers import Prediction


@dataclass(frozen=True, slots=True)
class Received:
    """The item's message was delivered, for the first time or again."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """The model's circuit breaker allows a create."""

    model: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The model's circuit breaker is open."""

    model: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Created:
    """The provider accepted a create, now or in one whose response was lost; the next poll is
    useful at `poll_at`, or at once.
    """

    prediction: Prediction
    poll_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CreateFailed:
    """Nothing was created, or the outcome is unknown: then it may have been billed.

    `open_until` is set if the model's circuit breaker is open afterwards.
    """

    failure: Failure
    maybe_billed: bool = False
    open_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class CreateAbsent:
    """The create whose response was lost has generated nothing."""


@dataclass(frozen=True, slots=True)
class CreateUndecided:
    """The outcome of the create whose response was lost cannot be determined."""


@dataclass(frozen=True, slots=True)
class LookupFailed:
    """The lookup at the provider failed for now."""


@dataclass(frozen=True, slots=True)
class ModelGone:
    """The provider does not have the model; nothing was created."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Throttled:
    """The provider rate-limited the request; nothing was created."""

    retry_after: float


@dataclass(frozen=True, slots=True)
class Rejected:
    """The provider will never generate this item."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class ProviderClosed:
    """The provider accepts nothing more in this round: the key, the credit, the model."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Polled:
    """The prediction's current state; None if the provider could not say."""

    prediction: Prediction | None
    poll_at: datetime | None = None
    cancel_requested: bool = False
    """By this delivery."""


@dataclass(frozen=True, slots=True)
class Collected:
    """The image is stored and validated."""

    image: Image
    extension: str


@dataclass(frozen=True, slots=True)
class OutputUnusable:
    """The image is not the requested one, or permanently gone: it was paid for in vain."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class OutputUnfit:
    """No image of the model can be used; this one was paid for, and is kept as `image`."""

    failure: Failure
    image: Image | None = None


@dataclass(frozen=True, slots=True)
class OutputUnavailable:
    """The image is not available now."""

    failure: Failure


type Event = (
    Received
    | Admitted
    | Refused
    | Created
    | CreateFailed
    | CreateAbsent
    | CreateUndecided
    | LookupFailed
    | ModelGone
    | Throttled
    | Rejected
    | ProviderClosed
    | Polled
    | Collected
    | OutputUnusable
    | OutputUnavailable
    | OutputUnfit
)
