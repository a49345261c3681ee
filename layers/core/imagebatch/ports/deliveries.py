"""The delivery records of webhooks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from imagebatch.domain.batch import Batch
from imagebatch.domain.delivery import Delivery


class DeliveryStore(Protocol):
    """Stored with their batch, and no longer than it."""

    def save(self, batch: Batch, delivery: Delivery) -> None:
        """Replace the record with the same ID."""
        ...

    def start_attempt(self, batch: Batch, delivery: Delivery, now: datetime) -> None:
        """Saves that an attempt begins. ConflictError when one has begun since it was read."""
        ...

    def list_deliveries(self, owner: str, batch_id: str) -> Sequence[Delivery]:
        """Return them in the order in which the rounds ended."""
        ...
