from collections.abc import Sequence
from copy import replace
from datetime import datetime
from threading import Lock

from imagebatch.domain.batch import Batch
from imagebatch.domain.delivery import Delivery
from imagebatch.domain.errors import ConflictError
from imagebatch.ports.deliveries import DeliveryStore
from testing.fakes.faults import Faults, faulty


class InMemoryDeliveryStore(Faults, DeliveryStore):
    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()
        self._kept: dict[tuple[str, str], dict[str, Delivery]] = {}

    @faulty
    def save(self, batch: Batch, delivery: Delivery) -> None:
        self._kept.setdefault((batch.owner, batch.id), {})[delivery.id] = delivery

    @faulty
    def start_attempt(self, batch: Batch, delivery: Delivery, now: datetime) -> None:
        with self._lock:
            kept = self._kept.setdefault((batch.owner, batch.id), {})
            known = kept.get(delivery.id)
            if known is not None and known.last_attempt_at != delivery.last_attempt_at:
                raise ConflictError("an attempt has begun")
            kept[delivery.id] = replace(delivery, last_attempt_at=now)

    @faulty
    def list_deliveries(self, owner: str, batch_id: str) -> Sequence[Delivery]:
        def place(delivery: Delivery) -> tuple[int, int]:
            _, round_, attempt = delivery.id.rsplit("-", 2)
            return int(round_), int(attempt)

        return sorted(self._kept.get((owner, batch_id), {}).values(), key=place)
