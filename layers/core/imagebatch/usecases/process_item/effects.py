"""The possible next actions, as plain data; perform.py and run.py execute them."""

from dataclasses import dataclass
from datetime import datetime

from imagebatch.ports.providers import Prediction


@dataclass(frozen=True, slots=True)
class AskBreaker:
    """Check whether the model's circuit breaker allows a create."""

    model: str


@dataclass(frozen=True, slots=True)
class CreatePrediction:
    """Ask the provider to start; the price is already reserved and the attempt counted."""


@dataclass(frozen=True, slots=True)
class FindCreated:
    """Look at the provider for the prediction of a create whose response was lost."""


@dataclass(frozen=True, slots=True)
class ResumePrediction:
    """Use the image that an earlier delivery stored, or poll the prediction that it saved."""


@dataclass(frozen=True, slots=True)
class Poll:
    """Poll the prediction at `at`.

    A time and not a delay: what is written and read until then does not put the poll off.
    """

    at: datetime
    cancel_requested: bool = False


@dataclass(frozen=True, slots=True)
class CancelPrediction:
    """Ask the provider to stop, then poll immediately."""


@dataclass(frozen=True, slots=True)
class AbandonPrediction:
    """Cancel a prediction whose ID is in no record, so that it cannot be collected."""

    prediction_id: str


@dataclass(frozen=True, slots=True)
class CollectImage:
    """Download, validate and store the output."""

    prediction: Prediction


@dataclass(frozen=True, slots=True)
class EnqueueNext:
    """Enqueue the messages that the settle admitted; repeated, only those still waiting."""

    positions: tuple[int, ...]
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class StartFinalizer:
    """Start building the round's archive; no effect if it was started before."""


@dataclass(frozen=True, slots=True)
class RedeliverAfter:
    """Enqueue a new message that continues, so that no receive of this one is used up."""

    seconds: float


@dataclass(frozen=True, slots=True)
class ReturnUntil:
    """Return the message to its queue, hidden until then."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Done:
    """Acknowledge the message: everything that was decided is stored."""


type Effect = (
    AskBreaker
    | CreatePrediction
    | FindCreated
    | ResumePrediction
    | Poll
    | CancelPrediction
    | AbandonPrediction
    | CollectImage
    | EnqueueNext
    | StartFinalizer
    | RedeliverAfter
    | ReturnUntil
    | Done
)
