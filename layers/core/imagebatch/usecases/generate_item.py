"""One message, one delivery: makes its image, or carries on where an earlier delivery stopped."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from imagebatch.domain.batch import Batch, Item
from imagebatch.domain.errors import ConflictError
from imagebatch.domain.transitions import Admission, admit
from imagebatch.ports import ItemMessage, ItemQueue, RetryLater, Telemetry, TimeLeft
from imagebatch.usecases.advance_batch import AdvanceBatch
from imagebatch.usecases.collect_image import CollectImage, ProviderGateway
from imagebatch.usecases.item_run import DeferredError, Delivery, NothingToDoError
from imagebatch.usecases.records import BatchRepository, LeaseLostError


@dataclass(frozen=True, slots=True)
class GenerateItem:
    records: BatchRepository
    queue: ItemQueue
    gateway: ProviderGateway
    collect: CollectImage
    advance: AdvanceBatch
    telemetry: Telemetry
    time_limit: timedelta

    def __call__(self, message: ItemMessage, time_left: TimeLeft) -> RetryLater | None:
        """None when the message may be acknowledged: everything it decided is stored by then."""
        store, now = self.records.store, self.records.clock.now()
        batch = store.get(message.owner, message.batch_id)
        item = store.get_item(message.owner, message.batch_id, message.index)
        if batch is None or item is None:
            return None
        match admit(batch, item, message.round, now):
            case Admission.BUSY if item.lease is not None:
                return RetryLater(item.lease.until)
            case Admission.CLAIM if not self._waits(batch, item, message, now):
                try:
                    self._deliver(batch, item, message, time_left)
                except (NothingToDoError, LeaseLostError, ConflictError):
                    # Somebody was quicker, and may yet die: what the item is now decides.
                    return self(message, time_left)
            case Admission.DONE:
                self.advance(batch, item, message, again=True)
        return None

    def _waits(self, batch: Batch, item: Item, message: ItemMessage, now: datetime) -> bool:
        """While the provider has asked us to wait, an item that would create waits too."""
        waiting = batch.waiting_for(now)
        if waiting is None or item.prediction or batch.cancelling_at:
            return False
        self.send_later(message, (waiting.until - now).total_seconds())
        return True

    def _deliver(self, batch: Batch, item: Item, message: ItemMessage, time_left: TimeLeft) -> None:
        delivery = Delivery(
            self.records,
            self.gateway,
            self.collect,
            lambda move: self.advance.releasing(move, message),
            message,
            time_left,
            token=self.records.ids.new(),
        )
        try:
            settled, done = delivery.run(batch, item, self.time_limit)
        except DeferredError as deferred:
            self.send_later(message, deferred.seconds)
        else:
            self.telemetry.settled(settled, done)
            self.advance(settled, done, message, again=False)

    def send_later(self, message: ItemMessage, seconds: float) -> None:
        """A new message carries on, so that no receive of this one is used up."""
        spread = 1 + self.records.ids.jitter() / 4
        self.queue.send([message], delay=max(1.0, seconds) * spread)
