"""The dispatch list of a round: the items' indices, in chunks, and their number."""

from collections.abc import Sequence
from itertools import batched
from typing import NamedTuple

from imagebatch.adapters.dynamodb import keys
from imagebatch.adapters.dynamodb.readable import read_record
from imagebatch.adapters.dynamodb.table import (
    ACTIONS_A_TRANSACTION,
    NEW,
    ConditionFailedError,
    Record,
    Table,
)
from imagebatch.structs import Struct, field

MAX_KNOWN_CHUNKS = 64
"""Chunks that one environment keeps in memory, before it forgets all of them."""


class Chunk(NamedTuple):
    """Some entries of a list, and the number of all of them."""

    indices: Sequence[int]
    length: int


class DispatchLists(Struct, frozen=True):
    """`known` are chunks of complete lists. These never change, so each is read once."""

    table: Table
    known: dict[tuple[str, str], Chunk] = field(default_factory=dict)

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
        chunk = self._chunk(partition, round_, number)
        if chunk is None or not 0 <= position < chunk.length:
            return None
        return chunk.indices[offset]

    def _chunk(self, partition: str, round_: int, number: int) -> Chunk | None:
        key = partition, keys.chunk_sort(round_, number)
        if key not in self.known:
            length = partition, keys.length_sort(round_)
            records = self.table.get_many([key, length])
            if records.keys() != {key, length}:
                return None
            if len(self.known) >= MAX_KNOWN_CHUNKS:
                self.known.clear()
            indices = read_record(records[key], _indices)
            self.known[key] = Chunk(indices, read_record(records[length], _length))
        return self.known[key]


def _indices(chunk: Record) -> list[int]:
    return [int(index) for index in chunk["indices"]]


def _length(record: Record) -> int:
    return int(record["length"])
