"""Batches, their items and their changes."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from imagebatch.domain.batch import Batch
from imagebatch.domain.budgets import AccountEntry
from imagebatch.domain.counts import Counts
from imagebatch.domain.errors import Failure
from imagebatch.domain.images import Image
from imagebatch.domain.item import Item
from imagebatch.domain.statuses import BatchStatus, ItemStatus, Kind
from imagebatch.ports.page import Page
from imagebatch.structs import Struct


class ItemChange(Struct, frozen=True, kw_only=True):
    """What progress events report about a changed item."""

    index: int
    custom_id: str
    row: int | None
    status: ItemStatus
    round: int
    failure: Failure | None = None
    image: Image | None = None
    file: str | None = None
    model: str = ""
    """The model that generated the image, otherwise the last one used."""

    @classmethod
    def of(cls, item: Item) -> "ItemChange":
        chosen = item.chosen_version
        values = {name: getattr(item, name) for name in cls.__struct_fields__}
        return cls(**values | ({"model": chosen.model} if chosen else {}))


class Change(Struct, frozen=True):
    """One numbered change of a batch, for progress events; `item` is None for the batch's own."""

    seq: int
    at: datetime
    status: BatchStatus
    counts: Counts
    item: ItemChange | None = None


class BatchStore(Protocol):
    """The records. Every read is consistent; every write is conditional and all or nothing."""

    def create(self, batch: Batch, entries: Sequence[AccountEntry] = ()) -> None:
        """Store a new batch and make these account entries, all or nothing.

        ConflictError if the ID is in use, AccountLimitError if an account has no room.
        """
        ...

    def get(self, owner: str, batch_id: str) -> Batch | None: ...

    def owner_of(self, batch_id: str) -> str | None:
        """Return the batch's owner, for callers that must not carry it."""
        ...

    def get_item(self, owner: str, batch_id: str, index: int) -> Item | None: ...

    def find(self, owner: str, batch_id: str, index: int) -> tuple[Batch, Item] | None:
        """Return both, or None if one is missing. One may have changed after the other was read."""
        batch, item = self.get(owner, batch_id), self.get_item(owner, batch_id, index)
        return None if batch is None or item is None else (batch, item)

    def items(
        self, owner: str, batch_id: str, *, start: int = 0, limit: int | None = None
    ) -> Iterator[Item]:
        """Return the items from index `start`, in order; at most `limit` of them."""
        ...

    def add_items(self, owner: str, batch_id: str, items: Sequence[Item]) -> None:
        """Store new items. Storing the same again changes nothing, not even a state since then.

        An item beyond round 0 is stored with its own state. ConflictError if the batch is gone.
        """
        ...

    def commit(
        self,
        batch: Batch,
        item: Item | None = None,
        entries: Sequence[AccountEntry] = (),
        *,
        before: Batch | None = None,
    ) -> tuple[Batch, Item | None]:
        """Write both as the next change after the state they were derived from, and record a
        Change.

        Returns them with their new versions. ConflictError if either record no longer has the
        version it carries; then nothing was written. The batch's spec is not written with an item,
        nor if it equals that of `before`, the batch as it was read in this version; an item's spec
        is never written again.

        The same write adds the image generated for a variant to the library (LibraryStore), or
        removes a lost one, and makes the account entries; AccountLimitError if an account has no
        room.
        """
        ...

    def save_item(self, owner: str, batch_id: str, item: Item) -> Item:
        """Write an item whose batch does not change. ConflictError as in `commit`."""
        ...

    def put_round(self, owner: str, batch_id: str, round_: int, indices: Sequence[int]) -> None:
        """Store the round's dispatch list, visible as a whole or not at all; an existing one is
        kept.
        """
        ...

    def round_list(self, owner: str, batch_id: str, round_: int) -> Sequence[int] | None:
        """Return the whole dispatch list; None until it is complete."""
        ...

    def round_entry(self, owner: str, batch_id: str, round_: int, position: int) -> int | None:
        """Return the item index at `position` (0-based) of the round's list; None past its end."""
        ...

    def changes(self, owner: str, batch_id: str, after: int, limit: int) -> Sequence[Change]:
        """Return the changes with a number above `after`, in order."""
        ...

    def list_batches(
        self,
        owner: str,
        *,
        limit: int,
        cursor: str | None = None,
        kind: Kind | None = None,
        keep: Callable[[Batch], bool] = lambda _: True,
    ) -> Page[Batch]:
        """The owner's batches, newest first; an unreadable one is reported and skipped.

        InvalidRequestError for an invalid cursor.
        """
        ...

    def unfinished(self, owner: str | None = None) -> Iterator[tuple[str, str]]:
        """(owner, batch ID) of every unfinished batch, of one owner or of all."""
        ...

    def unfinished_batches(self, owner: str | None = None) -> Iterator[Batch]:
        """The same batches as they are now; an unreadable one is reported and skipped."""
        ...

    def reserve_outbox_name(self, name: str, batch_id: str, until: datetime) -> bool:
        """Reserve a name in the drop folder's outbox; true if this batch has it."""
        ...
