"""Share links in the table (layout: `keys`): by their ids, and with their batch."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, override

from imagebatch.adapters import codec
from imagebatch.adapters.dynamodb import keys
from imagebatch.adapters.dynamodb.readable import Report, decoded, ignore
from imagebatch.adapters.dynamodb.table import (
    NEW,
    ConditionFailedError,
    Record,
    Table,
    unchanged,
)
from imagebatch.domain.errors import ConflictError, LimitReachedError
from imagebatch.domain.shares import Share, others_open
from imagebatch.ports.shares import ShareStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef


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
    def put(self, share: Share, *, limit: int) -> None:
        # Whoever loses lost to a share that was made, and there are no more than `limit`.
        for _ in range(2 * limit):
            counted = self._counted(share)
            if others_open(self.of_batch(share.owner, share.batch_id), share) >= limit:
                raise LimitReachedError
            try:
                self._table.transact([*self._puts(share), counted])
            except ConditionFailedError:
                continue
            return
        raise ConflictError("others made and revoked shares each time")

    def _puts(self, share: Share) -> Iterator["TransactWriteItemTypeDef"]:
        record = codec.encode(share) | _ttl(share)
        of_batch = keys.share_of_batch(share.owner, share.batch_id, share.id)
        for place in (keys.share(share.id), of_batch):
            yield self._table.put(place, record)

    def _counted(self, share: Share) -> "TransactWriteItemTypeDef":
        """Fails when a share was made since: what was read before the list cannot be older."""
        key = keys.share_count(share.owner, share.batch_id)
        found = self._table.get_many([key]).get(key)
        made = int(found["made"]) if found else 0
        condition = unchanged("made", made) if made else NEW
        return self._table.put(key, {"made": made + 1} | _ttl(share), condition)

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


def _ttl(share: Share) -> Record:
    return {"ttl": math.ceil(share.expires_at.timestamp())}
