"""The record of webhooks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from imagebatch.domain.batch import Batch
from imagebatch.domain.delivery import Delivery


class DeliveryStore(Protocol):
    """Kept with their batch, and no longer."""

    def save(self, batch: Batch, delivery: Delivery) -> None:
        """Writes over what was saved under the same id."""
        ...

    def start_attempt(self, batch: Batch, delivery: Delivery, now: datetime) -> None:
        """Saves that an attempt begins. ConflictError when one has begun since it was read."""
        ...

    def list_deliveries(self, owner: str, batch_id: str) -> Sequence[Delivery]:
        """In the order in which the rounds ended."""
        ...
