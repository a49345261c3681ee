"""Events: a message was delivered, or an effect was performed with this result."""

from datetime import datetime

from imagebatch.domain.errors import Failure
from imagebatch.domain.images import Image
from imagebatch.ports.providers import Prediction
from imagebatch.structs import Struct


class Received(Struct, frozen=True):
    """The item's message was delivered, for the first time or again."""


class Admitted(Struct, frozen=True):
    """The model's circuit breaker allows a create."""

    model: str


class Refused(Struct, frozen=True):
    """The model's circuit breaker is open."""

    model: str
    until: datetime


class Created(Struct, frozen=True):
    """The provider accepted a create, now or in one whose response was lost; the next poll is
    useful at `poll_at`, or at once.
    """

    prediction: Prediction
    poll_at: datetime | None = None


class CreateFailed(Struct, frozen=True):
    """Nothing was created, or the outcome is unknown: then it may have been billed.

    `open_until` is set if the model's circuit breaker is open afterwards.
    """

    failure: Failure
    maybe_billed: bool = False
    open_until: datetime | None = None


class CreateAbsent(Struct, frozen=True):
    """The create whose response was lost has generated nothing."""


class CreateUndecided(Struct, frozen=True):
    """The outcome of the create whose response was lost cannot be determined."""


class LookupFailed(Struct, frozen=True):
    """The lookup at the provider failed for now."""


class ModelGone(Struct, frozen=True):
    """The provider does not have the model; nothing was created."""

    failure: Failure


class Throttled(Struct, frozen=True):
    """The provider rate-limited the request; nothing was created."""

    retry_after: float


class Rejected(Struct, frozen=True):
    """The provider will never generate this item."""

    failure: Failure


class ProviderClosed(Struct, frozen=True):
    """The provider accepts nothing more in this round: the key, the credit, the model."""

    failure: Failure


class Polled(Struct, frozen=True):
    """The prediction's current state; None if the provider could not say."""

    prediction: Prediction | None
    poll_at: datetime | None = None
    cancel_requested: bool = False
    """By this delivery."""


class Collected(Struct, frozen=True):
    """The image is stored and validated."""

    image: Image
    extension: str


class OutputUnusable(Struct, frozen=True):
    """The image is not the requested one, or permanently gone: it was paid for in vain."""

    failure: Failure


class OutputUnfit(Struct, frozen=True):
    """No image of the model can be used; this one was paid for, and is kept as `image`."""

    failure: Failure
    image: Image | None = None


class OutputUnavailable(Struct, frozen=True):
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
