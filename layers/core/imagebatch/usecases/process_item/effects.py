"""What is to be done next. Plain data; perform.py and run.py do it."""

from dataclasses import dataclass
from datetime import datetime

from imagebatch.ports import Prediction


@dataclass(frozen=True, slots=True)
class AskBreaker:
    """Ask the model's circuit breaker whether a create may be made."""

    model: str


@dataclass(frozen=True, slots=True)
class CreatePrediction:
    """Ask the provider to start; its price is reserved and an attempt counted by now."""


@dataclass(frozen=True, slots=True)
class FindCreated:
    """Look at the provider for what a create whose answer was lost has made."""


@dataclass(frozen=True, slots=True)
class ResumePrediction:
    """Take the image an earlier delivery stored, or poll the prediction it saved."""


@dataclass(frozen=True, slots=True)
class Poll:
    """Look at the prediction once `after` seconds have passed."""

    after: float
    cancel_requested: bool = False


@dataclass(frozen=True, slots=True)
class CancelPrediction:
    """Ask the provider to stop, then look at once."""


@dataclass(frozen=True, slots=True)
class AbandonPrediction:
    """Ask the provider to stop a prediction that no record names, so that nobody can collect it."""

    prediction_id: str


@dataclass(frozen=True, slots=True)
class CollectImage:
    """Download, check and store the output."""

    prediction: Prediction


@dataclass(frozen=True, slots=True)
class EnqueueNext:
    """Send the messages that the settle made room for; again, only those that still wait."""

    positions: tuple[int, ...]
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class StartFinalizer:
    """Start building the round's archive; started before is as good."""


@dataclass(frozen=True, slots=True)
class RedeliverAfter:
    """Send a new message that carries on, so that no receive of this one is used up."""

    seconds: float


@dataclass(frozen=True, slots=True)
class ReturnUntil:
    """Give the message back to its queue, hidden until then."""

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
