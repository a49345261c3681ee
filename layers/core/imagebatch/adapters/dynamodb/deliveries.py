"""Deliveries of webhooks in the table, in their batch's partition (layout: `keys`)."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from imagebatch.adapters import codec
from imagebatch.adapters.dynamodb import keys
from imagebatch.adapters.dynamodb.batch_actions import expiry_of
from imagebatch.adapters.dynamodb.readable import Report, decoded, ignore
from imagebatch.adapters.dynamodb.table import Condition, Table
from imagebatch.domain.batch import Batch
from imagebatch.domain.delivery import Delivery
from imagebatch.ports.deliveries import DeliveryStore
from imagebatch.structs import replace

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef


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
        self._table.transact([self._put(batch, delivery)])

    def start_attempt(self, batch: Batch, delivery: Delivery, now: datetime) -> None:
        as_read = Condition("attribute_not_exists(#lastAttemptAt)", ("lastAttemptAt",))
        if delivery.last_attempt_at is not None:
            last = {"last": codec.time_text(delivery.last_attempt_at)}
            as_read = Condition("#lastAttemptAt = :last", ("lastAttemptAt",), last)
        begun = replace(delivery, last_attempt_at=now)
        self._table.transact([self._put(batch, begun, as_read)])

    def _put(
        self, batch: Batch, delivery: Delivery, condition: Condition | None = None
    ) -> "TransactWriteItemTypeDef":
        _, round_, attempt = delivery.id.rsplit("-", 2)
        sort = keys.delivery_sort(int(round_), int(attempt))
        place = keys.batch_partition(batch.owner, batch.id), sort
        return self._table.put(place, codec.encode(delivery) | expiry_of(batch), condition)

    def list_deliveries(self, owner: str, batch_id: str) -> Sequence[Delivery]:
        partition = keys.batch_partition(owner, batch_id)
        records = self._table.query(partition, keys.DELIVERY, f"{keys.DELIVERY}~")
        return decoded(Delivery, records, self._report)
