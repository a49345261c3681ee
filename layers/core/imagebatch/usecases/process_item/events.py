"""What happened: a message was delivered, or an effect was performed and this came of it."""

from dataclasses import dataclass
from datetime import datetime

from imagebatch.domain.batch import Image
from imagebatch.domain.errors import Failure
from imagebatch.ports import Prediction


@dataclass(frozen=True, slots=True)
class Received:
    """The item's message was delivered, now or again."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """The model's circuit breaker lets a create through."""

    model: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The model's circuit breaker is open."""

    model: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Created:
    """The provider took a create, now or in one whose answer was lost; the next poll pays in
    `next_poll` seconds.
    """

    prediction: Prediction
    next_poll: float = 0.0


@dataclass(frozen=True, slots=True)
class CreateFailed:
    """Nothing was created, or nobody knows: then it may have been billed.

    `open_until` is set when the model's circuit breaker is open after it.
    """

    failure: Failure
    maybe_billed: bool = False
    open_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class CreateAbsent:
    """The create whose answer was lost has made nothing."""


@dataclass(frozen=True, slots=True)
class CreateUndecided:
    """Nobody can tell what the create whose answer was lost has made."""


@dataclass(frozen=True, slots=True)
class LookupFailed:
    """The provider could not be asked for it now."""


@dataclass(frozen=True, slots=True)
class ModelGone:
    """The provider has no such model; nothing was created."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Throttled:
    """The provider asked to wait; nothing was created."""

    retry_after: float


@dataclass(frozen=True, slots=True)
class Rejected:
    """The provider will never make this item."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class ProviderClosed:
    """The provider makes nothing more for this round: our key, our credit, the model."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Polled:
    """How the prediction is now; None when the provider could not say."""

    prediction: Prediction | None
    next_poll: float = 0.0
    cancel_requested: bool = False
    """By this delivery."""


@dataclass(frozen=True, slots=True)
class Collected:
    """The image is stored and checked."""

    image: Image
    extension: str


@dataclass(frozen=True, slots=True)
class OutputUnusable:
    """The image is not what was asked for, or gone for good: it was paid for nothing."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class OutputUnfit:
    """No picture of the model can be used; this one was paid for, and is kept as `image`."""

    failure: Failure
    image: Image | None = None


@dataclass(frozen=True, slots=True)
class OutputUnavailable:
    """The image cannot be had now."""

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
