"""Performs an effect that calls outside, and returns its result as the next event.

A provider's error is a result like any other: it becomes an event here, and nowhere else.
"""

import hashlib
import math
from datetime import datetime, timedelta

from imagebatch.domain.batch import Batch
from imagebatch.domain.errors import (
    Failure,
    FailureCode,
    ModelUnavailableError,
    OutputGoneError,
    ProviderAuthError,
    ProviderError,
    ProviderUnavailableError,
    RateLimitedError,
    RejectedError,
    UnavailableError,
    UnfitOutputError,
)
from imagebatch.domain.item import Item
from imagebatch.ports.clock import Clock
from imagebatch.ports.images import BadImageError
from imagebatch.ports.prediction_ledger import PredictionLedger
from imagebatch.ports.providers import Prediction, PredictionStatus
from imagebatch.structs import Struct
from imagebatch.usecases.circuit_breakers import CircuitBreakers
from imagebatch.usecases.collect_image import CollectImage, ProviderGateway
from imagebatch.usecases.process_item import effects
from imagebatch.usecases.process_item.effects import Effect
from imagebatch.usecases.process_item.events import (
    Admitted,
    Collected,
    CreateAbsent,
    Created,
    CreateFailed,
    CreateUndecided,
    Event,
    LookupFailed,
    ModelGone,
    OutputUnavailable,
    OutputUnfit,
    OutputUnusable,
    Polled,
    ProviderClosed,
    Received,
    Refused,
    Rejected,
    Throttled,
)

MIN_PAUSE = 0.01
ADOPTED = Failure.of(
    FailureCode.PROVIDER_UNAVAILABLE, "The prediction was taken for that of an equal item"
)


class PerformEffect(Struct, frozen=True):
    gateway: ProviderGateway
    collect: CollectImage
    clock: Clock
    breakers: CircuitBreakers
    ledger: PredictionLedger

    def __call__(self, effect: Effect, batch: Batch, item: Item, stop_waiting: datetime) -> Event:
        """UnavailableError if a service other than the provider fails, any other exception for a
        bug: the delivery is retried and finally goes to the dead-letter function.
        """
        match effect:
            case effects.AskBreaker(model=model):
                until = self.breakers.admit(self.gateway.breaker(batch, model))
                return Admitted(model) if until is None else Refused(model, until)
            case effects.CreatePrediction():
                return self._create(batch, item)
            case effects.FindCreated():
                return self._find_created(batch, item)
            case effects.ResumePrediction():
                return self._resume(batch, item)
            case effects.Poll():
                return self._wait_and_poll(effect, batch, item, stop_waiting)
            case effects.CancelPrediction():
                self._ask_to_cancel(batch, item, item.state.prediction or "")
                return self._poll(batch, item, cancel_requested=True)
            case effects.AbandonPrediction(prediction_id=prediction_id):
                self._ask_to_cancel(batch, item, prediction_id)
                return Received()
            case effects.CollectImage(prediction=prediction):
                return self._collect(batch, item, prediction)
        raise TypeError(f"{effect} asks nobody")

    def _create(self, batch: Batch, item: Item) -> Event:
        breaker = self.gateway.breaker(batch, item.model)
        try:
            prediction = self.gateway.create(batch, item)
        except ProviderUnavailableError as error:
            failure = Failure.of(error.code, error.reason)
            open_until = self.breakers.record_failure(breaker)
            return CreateFailed(failure, error.maybe_billed, open_until)
        except ProviderError as error:
            self.breakers.record_answer(breaker)
            return _create_refused(error)
        poll_at = self._after(self.gateway.next_poll_delay(batch, item, 0))
        self.breakers.record_answer(breaker)
        try:
            held = self._hold(batch, item, prediction)
        except UnavailableError:
            self._ask_to_cancel(batch, item, prediction.id)
            raise
        if not held:
            return CreateFailed(ADOPTED, maybe_billed=True)
        return Created(prediction, poll_at)

    def _find_created(self, batch: Batch, item: Item) -> Event:
        """Assign the first prediction that belongs to no other create. Equal requests are
        interchangeable, so each gets one. A cancelled prediction is skipped: this worker cancelled
        it because its ID could not be stored. A prediction whose input was removed belongs to
        another create if it has a holder.
        """
        try:
            found = self.gateway.find_created(batch, item)
        except ProviderError:
            return LookupFailed()
        for prediction in found.matches:
            cancelled = prediction.status is PredictionStatus.CANCELLED
            if not cancelled and self._hold(batch, item, prediction):
                return Created(prediction, self._next_poll(batch, item))
        provider, _ = self.gateway.breaker(batch, item.model)
        if found.complete and self.ledger.are_held(provider, found.unknown):
            return CreateAbsent()
        return CreateUndecided()

    def _hold(self, batch: Batch, item: Item, prediction: Prediction) -> bool:
        """Whether the prediction belongs to this create: another may have claimed it."""
        create = f"{batch.owner}\n{batch.id}\n{item.index}\n{item.state.attempts}"
        holder = hashlib.sha256(create.encode(errors="surrogatepass")).hexdigest()[:32]
        provider, _ = self.gateway.breaker(batch, item.model)
        return self.ledger.hold(provider, prediction.id, holder, batch.retention_ends_at)

    def _resume(self, batch: Batch, item: Item) -> Event:
        stored = self.collect.already_stored(batch, item)
        return self._poll(batch, item) if stored is None else Collected(*stored)

    def _wait_and_poll(
        self, effect: effects.Poll, batch: Batch, item: Item, stop_waiting: datetime
    ) -> Event:
        pause = (min(effect.at, stop_waiting) - self.clock.now()).total_seconds()
        self.clock.sleep(max(MIN_PAUSE, pause))
        if self.clock.now() >= effect.at:
            return self._poll(batch, item, cancel_requested=effect.cancel_requested)
        unknown = Prediction(item.state.prediction or "", PredictionStatus.RUNNING)
        return Polled(unknown, effect.at, effect.cancel_requested)

    def _poll(self, batch: Batch, item: Item, *, cancel_requested: bool = False) -> Event:
        """A failed poll means no news: the prediction continues, its item's deadline bounds it."""
        prediction = None
        try:
            prediction = self.gateway.look(batch, item)
        except (ProviderUnavailableError, RateLimitedError):
            pass
        except ProviderError as error:
            return _refusal(error)
        if prediction is not None and prediction.status is not PredictionStatus.RUNNING:
            self.gateway.observe(batch, item, prediction)
        return Polled(prediction, self._next_poll(batch, item), cancel_requested)

    def _next_poll(self, batch: Batch, item: Item) -> datetime:
        now = self.clock.now()
        waited = (now - (item.state.create_started_at or now)).total_seconds()
        return self._after(self.gateway.next_poll_delay(batch, item, waited))

    def _after(self, seconds: float) -> datetime:
        """Return the time in `seconds`, rounded up to the clock's precision, a millisecond."""
        return self.clock.now() + timedelta(milliseconds=math.ceil(1000 * seconds))

    def _ask_to_cancel(self, batch: Batch, item: Item, prediction_id: str) -> None:
        """Best effort: if an image is generated nevertheless, it is collected or runs into its
        grace period.
        """
        try:
            self.gateway.cancel(batch, item, prediction_id)
        except ProviderError:
            return

    def _collect(self, batch: Batch, item: Item, prediction: Prediction) -> Event:
        try:
            return Collected(*self.collect(batch, item, prediction))
        except UnfitOutputError as error:
            failure = Failure.of(FailureCode.INVALID_OUTPUT, error.reason)
            return OutputUnfit(failure, self.collect.keep_unfit(batch, item, error.body))
        except (BadImageError, OutputGoneError) as error:
            return OutputUnusable(Failure.of(FailureCode.INVALID_OUTPUT, str(error)))
        except ProviderError as error:
            return OutputUnavailable(Failure.of(FailureCode.PROVIDER_UNAVAILABLE, error.reason))


def _create_refused(error: ProviderError) -> Event:
    if isinstance(error, RateLimitedError):
        return Throttled(error.retry_after)
    if isinstance(error, ModelUnavailableError):
        return ModelGone(Failure.of(error.code, error.reason))
    return _refusal(error)


def _refusal(error: ProviderError) -> Event:
    if isinstance(error, RejectedError):
        return Rejected(Failure.of(error.code, error.reason))
    if isinstance(error, ProviderAuthError):
        return ProviderClosed(Failure.of(FailureCode.PROVIDER_AUTH, error.reason))
    return OutputUnusable(Failure.of(FailureCode.INVALID_OUTPUT, error.reason))
