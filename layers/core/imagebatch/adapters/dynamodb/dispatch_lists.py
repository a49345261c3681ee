"""The dispatch list of a round: the items' indices, in chunks, and their number."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import batched

from imagebatch.adapters.dynamodb import keys
from imagebatch.adapters.dynamodb.readable import read_record
from imagebatch.adapters.dynamodb.table import (
    ACTIONS_A_TRANSACTION,
    NEW,
    ConditionFailedError,
    Record,
    Table,
)


@dataclass(frozen=True, slots=True)
class DispatchLists:
    table: Table

    def put(
        self, owner: str, batch_id: str, round_: int, indices: Sequence[int], ttl: Record
    ) -> None:
        """One transaction up to 49,500 entries; a longer list's first ones go before it."""
        partition = keys.batch_partition(owner, batch_id)
        chunks = enumerate(batched(indices, keys.ENTRIES_A_CHUNK, strict=False))
        puts = [
            self.table.put((partition, keys.chunk_sort(round_, n)), {"indices": list(each)} | ttl)
            for n, each in chunks
        ]
        length = {"length": len(indices)} | ttl
        puts.append(self.table.put((partition, keys.length_sort(round_)), length, NEW))
        try:
            for group in batched(puts, ACTIONS_A_TRANSACTION, strict=False):
                self.table.transact(group)
        except ConditionFailedError:
            return

    def get(self, owner: str, batch_id: str, round_: int) -> Sequence[int] | None:
        partition = keys.batch_partition(owner, batch_id)
        low, high = keys.chunk_sort(round_, 0), keys.length_sort(round_)
        *chunks, last = [*self.table.query(partition, low, high)] or [{}]
        indices = [index for chunk in chunks for index in read_record(chunk, _indices)]
        return indices if last.get("length") == len(indices) else None

    def entry(self, owner: str, batch_id: str, round_: int, position: int) -> int | None:
        partition = keys.batch_partition(owner, batch_id)
        number, offset = divmod(position, keys.ENTRIES_A_CHUNK)
        chunk = partition, keys.chunk_sort(round_, number)
        length = partition, keys.length_sort(round_)
        records = self.table.get_many([chunk, length])
        if records.keys() != {chunk, length}:
            return None
        if not 0 <= position < read_record(records[length], _length):
            return None
        return read_record(records[chunk], _indices)[offset]


def _indices(chunk: Record) -> list[int]:
    return [int(index) for index in chunk["indices"]]


def _length(record: Record) -> int:
    return int(record["length"])
