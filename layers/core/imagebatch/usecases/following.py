"""Following a running prediction at the model's own pace, and stopping one that is not wanted."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from imagebatch.domain.batch import Batch, Item
from imagebatch.domain.errors import ProviderError, ProviderUnavailableError, RateLimitedError
from imagebatch.ports import Prediction, PredictionStatus, TimeLeft
from imagebatch.usecases.collect_image import Provision
from imagebatch.usecases.records import Records

NAP_SECONDS = 2.0
"""The longest sleep: a cancelled batch is noticed within it."""
CANCEL_GRACE = timedelta(seconds=10)
"""How long a prediction that was told to stop may take to do so."""


def ask_to_cancel(provision: Provision, batch: Batch, item: Item) -> None:
    """Best effort: what is made all the same is collected, or runs into its grace."""
    try:
        provision.cancel(batch, item)
    except ProviderError:
        return


@dataclass(slots=True)
class Follower:
    """`time_left` is the time for waiting: what settling needs is taken off already."""

    records: Records
    provision: Provision
    time_left: TimeLeft
    cancel_asked: bool = False

    def wait(self, batch: Batch, item: Item, prediction: Prediction) -> tuple[Batch, Prediction]:
        """Until the prediction ends; one still RUNNING when this returns has outlasted our time."""
        waited = self._running_for(item)
        due, looks = waited + self.provision.next_look(batch, waited), 0
        while prediction.status is PredictionStatus.RUNNING and self.time_left() > 0:
            self.records.clock.sleep(max(0.01, min(NAP_SECONDS, due - waited, self.time_left())))
            waited = self._running_for(item)
            if waited >= due - 0.01:
                prediction, looks = self.look(batch, item, prediction), looks + 1
                due = waited + self.provision.next_look(batch, waited)
            if prediction.status is PredictionStatus.RUNNING:
                batch = self.records.batch(batch.owner, batch.id)
                prediction = self._stop_if_wanted(batch, item, prediction)
        if prediction.status is PredictionStatus.SUCCEEDED:
            self.provision.observe(batch, waited, looks)
        return batch, prediction

    def look(self, batch: Batch, item: Item, prediction: Prediction) -> Prediction:
        """A look that fails is no news: the prediction runs on, its item's deadline bounds it."""
        try:
            return self.provision.look(batch, item)
        except (ProviderUnavailableError, RateLimitedError):
            return prediction

    def _stop_if_wanted(self, batch: Batch, item: Item, prediction: Prediction) -> Prediction:
        since = self._unwanted_since(batch, item)
        if since is None:
            return prediction
        if not self.cancel_asked:
            self.cancel_asked = True
            ask_to_cancel(self.provision, batch, item)
            return self.look(batch, item, prediction)
        if self.records.clock.now() >= since + CANCEL_GRACE:
            return Prediction(prediction.id, PredictionStatus.CANCELLED)
        return prediction

    def _unwanted_since(self, batch: Batch, item: Item) -> datetime | None:
        overdue = item.deadline is not None and self.records.clock.now() >= item.deadline
        times = [batch.cancelling_at, item.deadline if overdue else None]
        return min((time for time in times if time is not None), default=None)

    def _running_for(self, item: Item) -> float:
        now = self.records.clock.now()
        return (now - (item.started_at or now)).total_seconds()
