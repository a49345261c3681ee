"""Erasing an owner: the jobs, and the owner's records."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from imagebatch.domain.erasure import Erasure
from imagebatch.structs import Struct, field


class OwnedRecords(Struct, frozen=True):
    """A scanned part of the table; `cursor` is empty at the table's end.

    `keys` are those of the owner's records, which refer to these uploads and batches; `spent` are
    the amounts in the ledger, by mode and month.
    """

    keys: frozenset[tuple[str, str]]
    uploads: frozenset[str]
    batches: frozenset[str]
    spent: Mapping[str, str] = field(default_factory=dict)
    cursor: str = ""


class ErasureStore(Protocol):
    def start(self, erasure: Erasure) -> Erasure:
        """Return the owner's running erasure: this one, or one that was started before."""
        ...

    def get(self, erasure_id: str) -> Erasure | None: ...

    def is_running(self, owner: str) -> bool: ...

    def running(self) -> Iterator[Erasure]: ...

    def save(self, erasure: Erasure) -> None: ...

    def finish(self, erasure: Erasure) -> None:
        """Store the receipt; the owner is no longer rejected."""
        ...

    def owned(self, owner: str, cursor: str) -> OwnedRecords:
        """Return the owner's records among the next ones of the table."""
        ...

    def remove(self, records: OwnedRecords) -> None: ...
