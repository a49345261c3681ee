"""Following a running prediction at the model's own pace, and stopping one that is not wanted."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from imagebatch.domain.batch import Batch, Item
from imagebatch.domain.errors import ProviderError, ProviderUnavailableError, RateLimitedError
from imagebatch.ports import Prediction, PredictionStatus, TimeLeft
from imagebatch.usecases.collect_image import ProviderGateway
from imagebatch.usecases.records import BatchRepository

CHECK_EVERY = timedelta(seconds=2)
"""A cancelled batch is noticed within this."""
CANCEL_GRACE = timedelta(seconds=10)
"""How long a prediction that was told to stop may take to do so."""


def ask_to_cancel(gateway: ProviderGateway, batch: Batch, item: Item) -> None:
    """Best effort: what is made all the same is collected, or runs into its grace."""
    try:
        gateway.cancel(batch, item)
    except ProviderError:
        return


@dataclass(slots=True)
class PredictionPoller:
    """`time_left` is the time for waiting: what settling needs is taken off already."""

    records: BatchRepository
    gateway: ProviderGateway
    time_left: TimeLeft
    cancel_asked: bool = False

    def wait(
        self, batch: Batch, item: Item, prediction: Prediction, since: datetime
    ) -> tuple[Batch, Prediction]:
        """Until the prediction, running since `since`, ends; one still RUNNING when this returns
        has outlasted our time.
        """
        clock = self.records.clock
        # At once too: a short invocation is over before the next check.
        prediction = self._stop_if_wanted(batch, item, prediction)
        due = clock.now() + self._until_next_look(batch, since)
        check = clock.now() + CHECK_EVERY
        while prediction.status is PredictionStatus.RUNNING and self.time_left() > 0:
            pause = (min(due, check) - clock.now()).total_seconds()
            clock.sleep(max(0.01, min(pause, self.time_left())))
            if clock.now() >= due:
                prediction = self.look(batch, item, prediction)
                due = clock.now() + self._until_next_look(batch, since)
            if clock.now() >= check and prediction.status is PredictionStatus.RUNNING:
                batch = self.records.batch(batch.owner, batch.id)
                prediction = self._stop_if_wanted(batch, item, prediction)
                check = clock.now() + CHECK_EVERY
        self.gateway.observe(batch, prediction)
        return batch, prediction

    def _until_next_look(self, batch: Batch, since: datetime) -> timedelta:
        waited = (self.records.clock.now() - since).total_seconds()
        return timedelta(seconds=self.gateway.next_poll_delay(batch, waited))

    def look(self, batch: Batch, item: Item, prediction: Prediction) -> Prediction:
        """A look that fails is no news: the prediction runs on, its item's deadline bounds it."""
        try:
            return self.gateway.look(batch, item)
        except (ProviderUnavailableError, RateLimitedError):
            return prediction

    def _stop_if_wanted(self, batch: Batch, item: Item, prediction: Prediction) -> Prediction:
        since = self._unwanted_since(batch, item)
        if since is None:
            return prediction
        if not self.cancel_asked:
            self.cancel_asked = True
            ask_to_cancel(self.gateway, batch, item)
            return self.look(batch, item, prediction)
        if self.records.clock.now() >= since + CANCEL_GRACE:
            return Prediction(prediction.id, PredictionStatus.CANCELLED)
        return prediction

    def _unwanted_since(self, batch: Batch, item: Item) -> datetime | None:
        overdue = item.deadline is not None and self.records.clock.now() >= item.deadline
        times = [batch.cancelling_at, item.deadline if overdue else None]
        return min((time for time in times if time is not None), default=None)
