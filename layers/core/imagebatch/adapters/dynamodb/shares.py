"""Share links in the table (layout: `keys`): by their ids, and with their batch."""

import math
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, override

from imagebatch.adapters import codec
from imagebatch.adapters.dynamodb import keys
from imagebatch.adapters.dynamodb.readable import Report, decoded, ignore
from imagebatch.adapters.dynamodb.table import Table
from imagebatch.domain.shares import Share
from imagebatch.ports.shares import ShareStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDBShareStore(ShareStore):
    """`ports.ShareStore`. A record is removed after its share has expired."""

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

    @override
    def put(self, share: Share) -> None:
        record = codec.encode(share) | {"ttl": math.ceil(share.expires_at.timestamp())}
        of_batch = keys.share_of_batch(share.owner, share.batch_id, share.id)
        places = (keys.share(share.id), of_batch)
        self._table.transact([self._table.put(place, record) for place in places])

    @override
    def get(self, share_id: str) -> Share | None:
        record = self._table.get(keys.share(share_id))
        return codec.decode(Share, record) if record else None

    @override
    def of_batch(self, owner: str, batch_id: str) -> Sequence[Share]:
        partition = keys.batch_partition(owner, batch_id)
        records = self._table.query(partition, keys.SHARES_FIRST, keys.SHARES_LAST)
        return decoded(Share, records, self._report)

    @override
    def delete(self, owner: str, batch_id: str, share_id: str) -> None:
        place = keys.share_of_batch(owner, batch_id, share_id)
        if self._table.get(place) is not None:
            places = (keys.share(share_id), place)
            self._table.transact([self._table.delete(each) for each in places])
