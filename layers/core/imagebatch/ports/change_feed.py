"""The table's stream."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from imagebatch.domain.batch import Batch
from imagebatch.domain.item import Item
from imagebatch.ports.records import Change
from imagebatch.structs import Struct


class FedChange(Struct, frozen=True):
    """A change from the feed; `place` is the location of the batch's records."""

    place: str
    change: Change


class ChangeFeed(Protocol):
    """The changes of all batches, in order per batch, at least once."""

    def changes(self, records: Sequence[Mapping[str, Any]]) -> Iterator[FedChange]: ...

    def batch(self, place: str) -> Batch | None:
        """Return the batch as it is now; None if it was deleted."""
        ...

    def items(self, place: str) -> Iterator[Item]: ...

    def before(self, fed: FedChange) -> Change | None:
        """Return the change before this one; None if it does not exist."""
        ...
