from collections.abc import Sequence

from imagebatch.domain.batch import Batch
from imagebatch.domain.delivery import Delivery
from imagebatch.ports.deliveries import DeliveryStore
from testing.fakes.faults import Faults, faulty


class InMemoryDeliveryStore(Faults, DeliveryStore):
    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[tuple[str, str], dict[str, Delivery]] = {}

    @faulty
    def save(self, batch: Batch, delivery: Delivery) -> None:
        self._kept.setdefault((batch.owner, batch.id), {})[delivery.id] = delivery

    @faulty
    def list_deliveries(self, owner: str, batch_id: str) -> Sequence[Delivery]:
        def place(delivery: Delivery) -> tuple[int, int]:
            _, round_, attempt = delivery.id.rsplit("-", 2)
            return int(round_), int(attempt)

        return sorted(self._kept.get((owner, batch_id), {}).values(), key=place)
