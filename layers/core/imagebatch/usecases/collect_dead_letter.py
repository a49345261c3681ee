"""The last delivery of a message that kept failing: nothing paid is lost and no batch hangs."""

from dataclasses import dataclass
from datetime import timedelta

from imagebatch.domain import transitions
from imagebatch.domain.batch import Batch, BatchStatus, Image, Item, Lease
from imagebatch.domain.errors import (
    Failure,
    FailureCode,
    OutputGoneError,
    ProviderAuthError,
    RejectedError,
)
from imagebatch.domain.transitions import Admission
from imagebatch.ports import (
    BadImageError,
    ItemMessage,
    PredictionStatus,
    RetryLater,
    Telemetry,
    TimeLeft,
)
from imagebatch.usecases.advance_batch import AdvanceBatch
from imagebatch.usecases.collect_image import CollectImage, ProviderGateway
from imagebatch.usecases.item_run import (
    COLLECT_GRACE,
    LEASE_MARGIN,
    DeferredError,
    NothingToDoError,
)
from imagebatch.usecases.records import BatchRepository, LeaseLostError, Move

CRASHED = Failure.of(
    FailureCode.CRASHED, "The item kept failing inside the service and was given up"
)
ASK_AGAIN_SECONDS = 60.0
"""While the provider does not answer, what it may have made is asked for so often."""


@dataclass(frozen=True, slots=True)
class CollectDeadLetter:
    records: BatchRepository
    gateway: ProviderGateway
    collect: CollectImage
    advance: AdvanceBatch
    telemetry: Telemetry
    time_limit: timedelta

    def __call__(self, message: ItemMessage, time_left: TimeLeft) -> RetryLater | None:
        store, now = self.records.store, self.records.clock.now()
        batch = store.get(message.owner, message.batch_id)
        item = store.get_item(message.owner, message.batch_id, message.index)
        if batch is None or item is None:
            return None
        match transitions.admit(batch, item, message.round, now):
            case Admission.BUSY if item.lease is not None:
                return RetryLater(item.lease.until)
            case Admission.CLAIM:
                try:
                    batch, item = self._settle(batch, item, message, time_left)
                except (NothingToDoError, LeaseLostError):
                    return self(message, time_left)
                except DeferredError as deferred:
                    later = timedelta(seconds=deferred.seconds)
                    return RetryLater(self.records.clock.now() + later)
        self.advance(batch, item, message, again=True)
        return None

    def _settle(
        self, batch: Batch, item: Item, message: ItemMessage, time_left: TimeLeft
    ) -> tuple[Batch, Item]:
        now = self.records.clock.now()
        until = now + timedelta(seconds=time_left()) + LEASE_MARGIN
        lease = Lease(self.records.ids.new(), until)

        def take(b: Batch, i: Item) -> tuple[Batch, Item]:
            if transitions.admit(b, i, message.round, now) is not Admission.CLAIM:
                raise NothingToDoError
            return transitions.claim(b, i, lease, now, self.time_limit)

        batch, item = self.records.update_item(batch, item, take)
        end = self.advance.releasing(self._end(batch, item), message)
        batch, item = self.records.update_item(batch, item, end, token=lease.token)
        self.telemetry.settled(batch, item)
        return batch, item

    def _end(self, batch: Batch, item: Item) -> Move:
        """The move that settles the item: with its image if there is one, else as crashed."""
        collected = self._collect_or_defer(batch, item) if item.prediction else None

        def end(b: Batch, i: Item) -> tuple[Batch, Item]:
            now = self.records.clock.now()
            if collected is not None:
                return transitions.succeed(b, i, *collected, now)
            if i.creating or i.prediction:
                b, i = transitions.spend(b, i)
            if b.status is BatchStatus.CANCELLING:
                return transitions.drop(b, i, now)
            return transitions.fail(b, i, CRASHED, now)

        return end

    def _collect_or_defer(self, batch: Batch, item: Item) -> tuple[Image, str] | None:
        """Settling depends on nothing but the table: whatever fails here, the item ends in time."""
        try:
            return self._collect(batch, item)
        except (OutputGoneError, RejectedError, ProviderAuthError, BadImageError):
            return None
        except Exception as error:  # noqa: BLE001 - the last resort: no error may keep a batch open
            reason = f"{type(error).__name__}: {error}"[:500]
            self.telemetry.log_event("image not collected", batch_id=batch.id, reason=reason)
            self._ask_again_later(batch, item)
            return None

    def _collect(self, batch: Batch, item: Item) -> tuple[Image, str] | None:
        stored = self.collect.already_stored(batch, item)
        if stored is not None:
            return stored
        prediction = self.gateway.look(batch, item)
        if prediction.status is PredictionStatus.RUNNING:
            self.gateway.cancel(batch, item)
            prediction = self.gateway.look(batch, item)
        if prediction.status is PredictionStatus.SUCCEEDED:
            return self.collect(batch, item, prediction)
        return None

    def _ask_again_later(self, batch: Batch, item: Item) -> None:
        """DeferredError, until the item's time and some more are over."""
        if item.deadline is None or self.records.clock.now() >= item.deadline + COLLECT_GRACE:
            return
        self.records.store.save_item(batch.owner, batch.id, transitions.suspended(item))
        raise DeferredError(ASK_AGAIN_SECONDS)
