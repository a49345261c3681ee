"""The work of one delivery that holds an item's lease: create, wait, collect, settle.

A paid prediction is never orphaned: its id is saved before anything else happens, and whichever
delivery comes later collects or cancels it first.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Never

from imagebatch.domain import rounds, transitions
from imagebatch.domain.batch import (
    TRIES,
    Batch,
    BatchStatus,
    Image,
    Item,
    ItemStatus,
    Lease,
    Waiting,
)
from imagebatch.domain.errors import (
    Failure,
    FailureCode,
    ImagebatchError,
    OutputGoneError,
    ProviderAuthError,
    ProviderError,
    ProviderUnavailableError,
    RateLimitedError,
    RejectedError,
)
from imagebatch.domain.transitions import Admission
from imagebatch.ports import (
    BadImageError,
    ItemMessage,
    Prediction,
    PredictionStatus,
    TimeLeft,
)
from imagebatch.usecases.collect_image import CollectImage, ProviderGateway
from imagebatch.usecases.poll_prediction import PredictionPoller, ask_to_cancel
from imagebatch.usecases.records import BatchRepository, Move

LEASE_MARGIN = timedelta(seconds=5)
"""How long past the invocation's own end a lease holds: nobody can still be working by then."""
TIME_TO_SETTLE, SETTLE_SHARE = 8.0, 0.25
"""Kept back for storing and settling: so many seconds, or this share of a short invocation."""
TIME_TO_CREATE, CREATE_SHARE = 25.0, 0.5
"""A further create is not begun with less than this: a create cut off by the end may be paid for.
"""
COLLECT_GRACE = timedelta(minutes=10)
"""How long after its deadline a finished image that cannot be downloaded now is still asked for."""
RESUME_SECONDS = 2.0
PATIENCE = timedelta(hours=6)
"""How long a provider may answer nothing but 429 before the round is given up."""

LOST_ANSWER = Failure.of(
    FailureCode.PROVIDER_UNAVAILABLE, "The provider's answers were lost; nothing could be collected"
)
DEADLINE = Failure.of(
    FailureCode.DEADLINE_EXCEEDED, "The image was not ready within the time allowed for one item"
)
BUDGET = Failure.of(
    FailureCode.BUDGET_EXHAUSTED, "Not generated: the batch's maximum cost would have been exceeded"
)
THROTTLED = Failure.of(
    FailureCode.PROVIDER_RATE_LIMITED, "The provider took no request for six hours"
)
STOPPED = Failure.of(FailureCode.PROVIDER_UNAVAILABLE, "The provider cancelled the prediction")
NO_REASON = Failure.of(FailureCode.PROVIDER_REJECTED, "The provider failed and gave no reason")

type Pair = tuple[Batch, Item]


class DeferredError(ImagebatchError):
    """This delivery is over, the item is not: a new message has to carry on in so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"carry on in {seconds} s")
        self.seconds = seconds


class NothingToDoError(ImagebatchError):
    """The item was settled, cancelled or taken over in the meantime."""


@dataclass(slots=True)
class Delivery:
    records: BatchRepository
    gateway: ProviderGateway
    collect: CollectImage
    releasing: Callable[[Move], Move]
    message: ItemMessage
    time_left: TimeLeft
    token: str
    whole: float = field(init=False)

    def __post_init__(self) -> None:
        self.whole = self.time_left()

    def run(self, batch: Batch, item: Item, time_limit: timedelta) -> Pair:
        """Settles the item and returns both as stored.

        DeferredError, NothingToDoError or LeaseLostError when the item is not settled by this one.
        """
        batch, item = self._claim(batch, item, time_limit)
        while item.status is ItemStatus.PROCESSING:
            batch, item = self._attempt(batch, item)
        if item.status is ItemStatus.PENDING:
            raise DeferredError(self._seconds_to_wait(batch))
        return batch, item

    # --- one attempt -----------------------------------------------------------------------------

    def _attempt(self, batch: Batch, item: Item) -> Pair:
        try:
            if item.prediction is not None:
                return self._resume(batch, item)
            return self._create(batch, item)
        except RejectedError as error:
            return self._fail(batch, item, Failure.of(error.code, error.reason))
        except ProviderAuthError as error:
            return self._halt(batch, item, error)

    def _create(self, batch: Batch, item: Item) -> Pair:
        try:
            prediction = self.gateway.create(batch, item)
        except RateLimitedError as error:
            return self._put_back(batch, item, error.retry_after)
        except ProviderUnavailableError as error:
            failure = Failure.of(error.code, error.reason)
            return self._again(batch, item, failure, billed=error.maybe_billed)
        since = self._now()
        return self._follow(batch, self._save(batch, item, prediction), prediction, since)

    def _save(self, batch: Batch, item: Item, prediction: Prediction) -> Item:
        saved = transitions.created(item, prediction.id)
        try:
            return self.records.store.save_item(batch.owner, batch.id, saved)
        except ImagebatchError:
            # Nobody could ever collect this one: it is stopped while somebody still knows its id.
            ask_to_cancel(self.gateway, batch, saved)
            raise

    def _resume(self, batch: Batch, item: Item) -> Pair:
        stored = self.collect.already_stored(batch, item)
        if stored is not None:
            return self._succeed(batch, item, *stored)
        unknown = Prediction(item.prediction or "", PredictionStatus.RUNNING)
        prediction = self._follower().look(batch, item, unknown)
        return self._follow(batch, item, prediction, item.started_at or self._now())

    def _follow(self, batch: Batch, item: Item, prediction: Prediction, since: datetime) -> Pair:
        if prediction.status is PredictionStatus.RUNNING:
            batch, prediction = self._follower().wait(batch, item, prediction, since)
        match prediction.status:
            case PredictionStatus.RUNNING:
                self._let_go(item)
            case PredictionStatus.SUCCEEDED:
                return self._collect(batch, item, prediction)
            case PredictionStatus.CANCELLED if batch.status is BatchStatus.CANCELLING:
                return self._write(batch, item, lambda b, i: transitions.drop(b, i, self._now()))
            case PredictionStatus.CANCELLED if self._overdue(item):
                return self._fail(batch, item, DEADLINE)
            case PredictionStatus.CANCELLED:
                return self._again(batch, item, STOPPED, billed=False)
        failure = prediction.failure or NO_REASON
        if prediction.try_again:
            return self._again(batch, item, failure, billed=False)
        return self._fail(batch, item, failure)

    def _collect(self, batch: Batch, item: Item, prediction: Prediction) -> Pair:
        try:
            image, extension = self.collect(batch, item, prediction)
        except BadImageError as error:
            failure = Failure.of(FailureCode.INVALID_OUTPUT, str(error))
            return self._again(batch, item, failure, billed=True)
        except OutputGoneError as error:
            failure = Failure.of(FailureCode.INVALID_OUTPUT, error.reason)
            return self._again(batch, item, failure, billed=True)
        except ProviderError as error:
            if item.deadline is not None and self._now() < item.deadline + COLLECT_GRACE:
                self._let_go(item)
            failure = Failure.of(FailureCode.PROVIDER_UNAVAILABLE, error.reason)
            return self._write(batch, item, lambda b, i: self._spent(b, i, failure))
        return self._succeed(batch, item, image, extension)

    def _follower(self) -> PredictionPoller:
        kept = min(TIME_TO_SETTLE, SETTLE_SHARE * self.whole)
        return PredictionPoller(self.records, self.gateway, lambda: self.time_left() - kept)

    def _let_go(self, item: Item) -> Never:
        """Ends this delivery without an end for the item."""
        owner, batch_id = self.message.owner, self.message.batch_id
        self.records.store.save_item(owner, batch_id, transitions.suspended(item))
        raise DeferredError(RESUME_SECONDS)

    def _overdue(self, item: Item) -> bool:
        return item.deadline is not None and self._now() >= item.deadline

    # --- writing ---------------------------------------------------------------------------------

    def _claim(self, batch: Batch, item: Item, time_limit: timedelta) -> Pair:
        now = self._now()
        lease = Lease(self.token, now + timedelta(seconds=self.time_left()) + LEASE_MARGIN)

        def take(b: Batch, i: Item) -> Pair:
            if transitions.admit(b, i, self.message.round, now) is not Admission.CLAIM:
                raise NothingToDoError
            return proceed(*transitions.claim(b, i, lease, now, time_limit), now)

        return self.records.update_item(batch, item, self.releasing(take))

    def _again(self, batch: Batch, item: Item, failure: Failure, *, billed: bool) -> Pair:
        """Ends an attempt: one more while there are tries and time, else the item fails with
        `failure`.
        """

        def end_attempt(b: Batch, i: Item) -> Pair:
            ended = transitions.spend(b, i) if billed else transitions.give_back(b, i)
            after = proceed(*ended, self._now(), failure)
            return transitions.put_back(*after, self._now()) if self._too_late(after[1]) else after

        return self._write(batch, item, end_attempt)

    def _too_late(self, item: Item) -> bool:
        short = self.time_left() < min(TIME_TO_CREATE, CREATE_SHARE * self.whole)
        return item.creating and short

    def _succeed(self, batch: Batch, item: Item, image: Image, extension: str) -> Pair:
        return self._write(
            batch, item, lambda b, i: transitions.succeed(b, i, image, extension, self._now())
        )

    def _fail(self, batch: Batch, item: Item, failure: Failure) -> Pair:
        return self._write(batch, item, lambda b, i: transitions.fail(b, i, failure, self._now()))

    def _halt(self, batch: Batch, item: Item, error: ProviderAuthError) -> Pair:
        failure = Failure.of(FailureCode.PROVIDER_AUTH, error.reason)
        return self._write(
            batch, item, lambda b, i: self._spent(rounds.halt(b, failure), i, failure)
        )

    def _spent(self, batch: Batch, item: Item, failure: Failure) -> Pair:
        """Fails an item; a prediction that exists may have been billed whoever can collect it."""
        if item.prediction is not None:
            batch, item = transitions.spend(batch, item)
        return transitions.fail(batch, item, failure, self._now())

    def _put_back(self, batch: Batch, item: Item, seconds: float) -> Pair:
        now = self._now()
        waiting = Waiting("provider_rate_limit", now + timedelta(seconds=seconds))

        def wait(b: Batch, i: Item) -> Pair:
            if transitions.waited(b, now) >= PATIENCE:
                return transitions.fail(rounds.halt(b, THROTTLED), i, THROTTLED, now)
            return transitions.put_back(b, i, now, waiting)

        return self._write(batch, item, wait)

    def _seconds_to_wait(self, batch: Batch) -> float:
        waiting = batch.waiting_for(self._now())
        return (waiting.until - self._now()).total_seconds() if waiting else 0.0

    def _write(self, batch: Batch, item: Item, move: Move) -> Pair:
        return self.records.update_item(batch, item, self.releasing(move), token=self.token)

    def _now(self) -> datetime:
        return self.records.clock.now()


def proceed(batch: Batch, item: Item, now: datetime, failure: Failure | None = None) -> Pair:
    """What a claimed item does next: go on with its prediction, ask for one, or settle unasked.

    `failure` is how the last attempt ended. A create whose answer was never saved is over by now:
    it is counted as a try and, as it may have been billed, as spent.
    """
    if item.creating:
        batch, item = transitions.spend(batch, item)
    if item.prediction is not None:
        return batch, item
    if batch.status is BatchStatus.CANCELLING:
        return transitions.drop(batch, item, now)
    if batch.halted is not None:
        return transitions.fail(batch, item, batch.halted, now)
    if item.tries >= TRIES:
        return transitions.fail(batch, item, failure or LOST_ANSWER, now)
    if item.deadline is not None and now >= item.deadline:
        return transitions.fail(batch, item, failure or DEADLINE, now)
    if not transitions.affordable(batch, item):
        return transitions.fail(batch, item, BUDGET, now)
    return transitions.begin_create(batch, item)
