"""The possible next actions, as plain data; perform.py and run.py execute them."""

from datetime import datetime

from imagebatch.ports.providers import Prediction
from imagebatch.structs import Struct


class AskBreaker(Struct, frozen=True):
    """Check whether the model's circuit breaker allows a create."""

    model: str


class CreatePrediction(Struct, frozen=True):
    """Ask the provider to start; the price is already reserved and the attempt counted."""


class FindCreated(Struct, frozen=True):
    """Look at the provider for the prediction of a create whose response was lost."""


class ResumePrediction(Struct, frozen=True):
    """Use the image that an earlier delivery stored, or poll the prediction that it saved."""


class Poll(Struct, frozen=True):
    """Poll the prediction at `at`.

    A time and not a delay: what is written and read until then does not put the poll off.
    """

    at: datetime
    cancel_requested: bool = False


class CancelPrediction(Struct, frozen=True):
    """Ask the provider to stop, then poll immediately."""


class AbandonPrediction(Struct, frozen=True):
    """Cancel a prediction whose ID is in no record, so that it cannot be collected."""

    prediction_id: str


class CollectImage(Struct, frozen=True):
    """Download, validate and store the output."""

    prediction: Prediction


class EnqueueNext(Struct, frozen=True):
    """Enqueue the messages that the settle admitted; repeated, only those still waiting."""

    positions: tuple[int, ...]
    repeated: bool = False


class StartFinalizer(Struct, frozen=True):
    """Start building the round's archive; no effect if it was started before."""


class RedeliverAfter(Struct, frozen=True):
    """Enqueue a new message that continues, so that no receive of this one is used up."""

    seconds: float


class ReturnUntil(Struct, frozen=True):
    """Return the message to its queue, hidden until then."""

    until: datetime


class Done(Struct, frozen=True):
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
