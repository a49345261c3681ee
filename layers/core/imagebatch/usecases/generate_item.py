"""One message, one delivery: makes its image, or carries on where an earlier delivery stopped."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from imagebatch.domain.batch import Batch, Item
from imagebatch.domain.errors import MovedError
from imagebatch.domain.transitions import Admission, admit
from imagebatch.ports import Busy, ItemMessage, ItemQueue, Journal, TimeLeft
from imagebatch.usecases.advance_batch import MoveOn
from imagebatch.usecases.collect_image import CollectImage, Provision
from imagebatch.usecases.item_run import DeferredError, Delivery, NothingToDoError
from imagebatch.usecases.records import LeaseLostError, Records


@dataclass(frozen=True, slots=True)
class GenerateItem:
    records: Records
    queue: ItemQueue
    provision: Provision
    collect: CollectImage
    move_on: MoveOn
    journal: Journal
    time_limit: timedelta

    def __call__(self, message: ItemMessage, time_left: TimeLeft) -> Busy | None:
        """None when the message may be acknowledged: everything it decided is stored by then."""
        store, now = self.records.store, self.records.clock.now()
        batch = store.get(message.owner, message.batch_id)
        item = store.get_item(message.owner, message.batch_id, message.index)
        if batch is None or item is None:
            return None
        match admit(batch, item, message.round, now):
            case Admission.BUSY if item.lease is not None:
                return Busy(item.lease.until)
            case Admission.CLAIM if not self._waits(batch, item, message, now):
                try:
                    self._deliver(batch, item, message, time_left)
                except (NothingToDoError, LeaseLostError, MovedError):
                    # Somebody was quicker, and may yet die: what the item is now decides.
                    return self(message, time_left)
            case Admission.DONE:
                self.move_on(batch, item, message, again=True)
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
            self.provision,
            self.collect,
            lambda move: self.move_on.releasing(move, message),
            message,
            time_left,
            token=self.records.ids.new(),
        )
        try:
            settled, done = delivery.run(batch, item, self.time_limit)
        except DeferredError as deferred:
            self.send_later(message, deferred.seconds)
        else:
            self.journal.settled(settled, done)
            self.move_on(settled, done, message, again=False)

    def send_later(self, message: ItemMessage, seconds: float) -> None:
        """A new message carries on, so that no receive of this one is used up."""
        spread = 1 + self.records.ids.jitter() / 4
        self.queue.send([message], delay=max(1.0, seconds) * spread)
