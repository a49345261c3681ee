"""Deliveries of webhooks in the table, in their batch's partition (layout: `keys`)."""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from imagebatch.adapters import codec
from imagebatch.adapters.dynamodb import keys
from imagebatch.adapters.dynamodb.batches import expiry_of
from imagebatch.adapters.dynamodb.readable import Report, decoded, ignore
from imagebatch.adapters.dynamodb.table import Table
from imagebatch.domain.batch import Batch
from imagebatch.domain.delivery import Delivery
from imagebatch.ports.deliveries import DeliveryStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDBDeliveryStore(DeliveryStore):
    """`ports.deliveries.DeliveryStore`."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
        report: Report = ignore,
    ) -> None:
        self._table = Table(client, table, sleep=sleep)
        self._report = report

    def save(self, batch: Batch, delivery: Delivery) -> None:
        _, round_, attempt = delivery.id.rsplit("-", 2)
        sort = keys.delivery_sort(int(round_), int(attempt))
        place = keys.batch_partition(batch.owner, batch.id), sort
        record = codec.encode(delivery) | expiry_of(batch)
        self._table.transact([self._table.put(place, record)])

    def list_deliveries(self, owner: str, batch_id: str) -> Sequence[Delivery]:
        partition = keys.batch_partition(owner, batch_id)
        records = self._table.query(partition, keys.DELIVERY, f"{keys.DELIVERY}~")
        return decoded(Delivery, records, self._report)
