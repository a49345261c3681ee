"""A provider with a ledger that follows a script."""

from collections import Counter, defaultdict, deque
from collections.abc import Callable
from copy import replace
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from imagebatch.domain.errors import ProviderError, ProviderUnavailableError
from imagebatch.ports.clock import Clock
from imagebatch.ports.images import ImageValidator, Inspected
from imagebatch.ports.providers import (
    CreateLookup,
    ImageProvider,
    ImageRequest,
    Prediction,
    PredictionStatus,
)
from imagebatch.ports.thumbnails import Thumbnailer

PNG = b"png"
NEVER_ARRIVED = ProviderUnavailableError("cut before it arrived", maybe_billed=True)
"""A create that generated nothing, without the caller knowing."""


@dataclass
class Made:
    """One create that the provider accepted, billed or not."""

    id: str
    prompt: str
    ready: datetime
    end: Prediction
    cancelled: bool = False
    created: datetime | None = None
    model: str = ""
    input_removed: bool = False


@dataclass
class ScriptedProvider(ImageProvider):
    """Generates each image in `seconds` unless a prompt's next step says otherwise.

    A step is an error to raise, a Prediction to end as (its ID is replaced), or NEVER_ARRIVED;
    steps of a prompt are used up in order. `outage` is what a model answers to every create, if
    set. It lists its predictions unless `lists` is false, and may not list all of them unless
    `lists_all`; `listing_faults` are raised instead.
    """

    clock: Clock
    seconds: float = 2.0
    made: list[Made] = field(default_factory=list)
    requests: list[ImageRequest] = field(default_factory=list)
    steps: dict[str, deque[object]] = field(default_factory=lambda: defaultdict(deque))
    after_create: Callable[[Made], None] = lambda _: None
    fetch_faults: deque[ProviderError] = field(default_factory=deque)
    body: bytes = PNG
    obeys_cancel: bool = True
    lists: bool = True
    lists_all: bool = True
    listing_faults: deque[ProviderError] = field(default_factory=deque)
    outage: Callable[[str], ProviderError | None] = lambda _: None
    asked: Counter[str] = field(default_factory=Counter)

    def script(self, prompt: str, *steps: object) -> None:
        self.steps[prompt].extend(steps)

    def creates(self, prompt: str) -> int:
        return sum(each.prompt == prompt for each in self.made)

    def create(self, request: ImageRequest) -> Prediction:
        self.requests.append(request)
        self.asked[request.model] += 1
        outage = self.outage(request.model)
        if outage is not None:
            raise outage
        steps = self.steps[request.prompt]
        step = steps.popleft() if steps else None
        lost = getattr(step, "maybe_billed", False) and step is not NEVER_ARRIVED
        if isinstance(step, ProviderError) and not lost:
            raise step
        id_ = f"p{len(self.made) + 1}"
        end = step if isinstance(step, Prediction) else Prediction(id_, PredictionStatus.SUCCEEDED)
        ready = self.clock.now() + timedelta(seconds=self.seconds)
        made = Made(id_, request.prompt, ready, end, created=self.clock.now(), model=request.model)
        self.made.append(made)
        self.after_create(made)
        if isinstance(step, ProviderError):
            raise step
        return self._state_of(id_)

    def find_created(self, request: ImageRequest, since: datetime) -> CreateLookup:
        if self.listing_faults:
            raise self.listing_faults.popleft()
        if not self.lists:
            return CreateLookup(complete=False)
        wanted = request.prompt, request.model
        listed = [made for made in self.made if made.created and made.created >= since]
        return CreateLookup(
            matches=tuple(
                self._state_of(made.id)
                for made in listed
                if (made.prompt, made.model) == wanted and not made.input_removed
            ),
            unknown=tuple(made.id for made in listed if made.input_removed),
            complete=self.lists_all,
        )

    def get(self, prediction_id: str, request: ImageRequest) -> Prediction:
        return self._state_of(prediction_id)

    def _state_of(self, prediction_id: str) -> Prediction:
        made = next(each for each in self.made if each.id == prediction_id)
        if made.cancelled:
            return Prediction(made.id, PredictionStatus.CANCELLED)
        if self.clock.now() < made.ready:
            return Prediction(made.id, PredictionStatus.RUNNING)
        end = made.end
        output = f"https://out/{made.id}"
        return replace(end, id=made.id, output=output, seconds=self.seconds)

    def cancel(self, prediction_id: str, request: ImageRequest) -> None:
        made = next(each for each in self.made if each.id == prediction_id)
        if self.obeys_cancel and self.clock.now() < made.ready:
            made.cancelled = True

    def fetch(self, prediction: Prediction, request: ImageRequest) -> bytes:
        if self.fetch_faults:
            raise self.fetch_faults.popleft()
        return self.body + prediction.id.encode()


@dataclass
class LenientValidator(ImageValidator):
    """Accepts everything as an image, except for the next entry of `faults`."""

    faults: deque[Exception] = field(default_factory=deque)

    def validate(self, body: bytes, aspect_ratio: str | None) -> Inspected:
        if self.faults:
            raise self.faults.popleft()
        return Inspected("image/png", "png", 64, 64)


@dataclass
class StubThumbnailer(Thumbnailer):
    """Draws a few bytes, or raises the next entry of `faults`."""

    faults: deque[Exception] = field(default_factory=deque)

    def draw(self, body: bytes) -> bytes:
        if self.faults:
            raise self.faults.popleft()
        return b"thumbnail of " + body[:8]
