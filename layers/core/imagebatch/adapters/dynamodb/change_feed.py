"""The changes of all batches, from the records of the table's stream."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from imagebatch.adapters import codec
from imagebatch.adapters.dynamodb import keys
from imagebatch.adapters.dynamodb.batch_records import batch_of, items_of
from imagebatch.adapters.dynamodb.table import Table, from_dynamodb
from imagebatch.domain.batch import Batch, Item
from imagebatch.ports import Change
from imagebatch.ports.events import ChangeFeed, FedChange

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDBChangeFeed(ChangeFeed):
    """`ports.events.ChangeFeed`. A place is a partition, as its owner may be hashed."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._table = Table(client, table)

    def changes(self, records: Sequence[Mapping[str, Any]]) -> Iterator[FedChange]:
        for record in records:
            image = record["dynamodb"].get("NewImage")
            if image and image["sk"]["S"].startswith(keys.CHANGE):
                plain = from_dynamodb(image)
                yield FedChange(plain["pk"], codec.decode(Change, plain))

    def batch(self, place: str) -> Batch | None:
        wanted = [(place, sort) for sort in (keys.BATCH_SORT, keys.ERRORS_SORT, keys.SPEC_SORT)]
        return batch_of(self._table.get_many(wanted).values())

    def items(self, place: str) -> Iterator[Item]:
        return items_of(
            self._table.query(place, keys.item_sort(0), keys.state_sort(keys.LAST_ITEM))
        )

    def before(self, fed: FedChange) -> Change | None:
        found = self._table.get((fed.place, keys.change_sort(fed.change.seq - 1)))
        return codec.decode(Change, found) if found else None
