"""The table's stream."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from imagebatch.domain.batch import Batch, Item
from imagebatch.ports.records import Change


@dataclass(frozen=True, slots=True)
class FedChange:
    """A change as the feed brings it; `place` is where the batch's records are."""

    place: str
    change: Change


class ChangeFeed(Protocol):
    """The changes of all batches, in the order of each, at least once."""

    def changes(self, records: Sequence[Mapping[str, Any]]) -> Iterator[FedChange]: ...

    def batch(self, place: str) -> Batch | None:
        """The batch as it is now; None when it was deleted."""
        ...

    def items(self, place: str) -> Iterator[Item]: ...

    def before(self, fed: FedChange) -> Change | None:
        """The change before this one; None when it is not there."""
        ...
