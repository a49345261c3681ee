"""The changes of all batches, from the records of the table's stream."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from imagebatch.adapters import codec
from imagebatch.adapters.dynamodb import keys
from imagebatch.adapters.dynamodb.batch_records import batch_of, readable_items
from imagebatch.adapters.dynamodb.readable import Report, ignore, readable
from imagebatch.adapters.dynamodb.table import Record, Table, from_dynamodb
from imagebatch.domain.batch import Batch
from imagebatch.domain.errors import UnreadableRecordError
from imagebatch.domain.item import Item
from imagebatch.ports.change_feed import ChangeFeed, FedChange
from imagebatch.ports.records import Change

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDBChangeFeed(ChangeFeed):
    """`ports.change_feed.ChangeFeed`. A place is a partition, as its owner may be hashed.

    What cannot be read is reported and left out: a shard that stops brings nobody's changes.
    """

    def __init__(self, client: "DynamoDBClient", table: str, *, report: Report = ignore) -> None:
        self._table = Table(client, table)
        self._report = report

    def changes(self, records: Sequence[Mapping[str, Any]]) -> Iterator[FedChange]:
        images = (record["dynamodb"].get("NewImage") for record in records)
        told = (from_dynamodb(i) for i in images if i and i["sk"]["S"].startswith(keys.CHANGE))
        for record, change in readable(told, _change, self._report):
            yield FedChange(record["pk"], change)

    def batch(self, place: str) -> Batch | None:
        wanted = [(place, sort) for sort in (keys.BATCH_SORT, keys.ERRORS_SORT, keys.SPEC_SORT)]
        try:
            return batch_of(self._table.get_many(wanted).values())
        except UnreadableRecordError as error:
            self._report(f"BATCH {place.rpartition('#')[2]}", str(error))
            return None

    def items(self, place: str) -> Iterator[Item]:
        records = self._table.query(place, keys.item_sort(0), keys.state_sort(keys.LAST_ITEM))
        return readable_items(records, self._report)

    def before(self, fed: FedChange) -> Change | None:
        found = self._table.get((fed.place, keys.change_sort(fed.change.seq - 1)))
        if found is None:
            return None
        first = keys.change_sort(0)
        earlier = self._table.query(fed.place, first, found["sk"], newest_first=True)
        known = readable(chain([found], islice(earlier, 1, None)), _change, self._report)
        return next((change for _, change in known), None)


def _change(record: Record) -> Change:
    return codec.decode(Change, record)
