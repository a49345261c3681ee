"""Erasing an owner: the jobs, and the records that are the owner's."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from imagebatch.domain.erasure import Erasure


@dataclass(frozen=True, slots=True)
class OwnedRecords:
    """A part of the table that was gone through; `cursor` is empty at the table's end.

    `keys` are those of the owner's records, which name these uploads and batches; `spent` is what
    the ledger says, by mode and month.
    """

    keys: frozenset[tuple[str, str]]
    uploads: frozenset[str]
    batches: frozenset[str]
    spent: Mapping[str, str] = field(default_factory=dict)
    cursor: str = ""


class ErasureStore(Protocol):
    def start(self, erasure: Erasure) -> Erasure:
        """The erasure that runs for the owner: this one, or one that was started before."""
        ...

    def get(self, erasure_id: str) -> Erasure | None: ...

    def is_running(self, owner: str) -> bool: ...

    def running(self) -> Iterator[Erasure]: ...

    def save(self, erasure: Erasure) -> None: ...

    def finish(self, erasure: Erasure) -> None:
        """Keeps the receipt; the owner may come again."""
        ...

    def owned(self, owner: str, cursor: str) -> OwnedRecords:
        """The owner's records among the next ones of the table."""
        ...

    def remove(self, records: OwnedRecords) -> None: ...
