"""Batches, their items and their changes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Protocol

from imagebatch.domain.batch import Batch, BatchStatus, Counts, Image, Item, ItemStatus, Kind
from imagebatch.domain.budgets import AccountEntry
from imagebatch.domain.errors import Failure
from imagebatch.ports.page import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemChange:
    """What a watcher is told of an item that changed."""

    index: int
    custom_id: str
    row: int | None
    status: ItemStatus
    round: int
    failure: Failure | None = None
    image: Image | None = None
    file: str | None = None
    model: str = ""
    """The model that made the image, else the one that was asked last."""

    @classmethod
    def of(cls, item: Item) -> "ItemChange":
        chosen = item.chosen_version
        values = {each.name: getattr(item, each.name) for each in fields(cls)}
        return cls(**values | ({"model": chosen.model} if chosen else {}))


@dataclass(frozen=True, slots=True)
class Change:
    """One numbered change of a batch, as a watcher needs it; `item` is None for the batch's own."""

    seq: int
    at: datetime
    status: BatchStatus
    counts: Counts
    item: ItemChange | None = None


class BatchStore(Protocol):
    """The records. Every read is consistent; every write is conditional and all or nothing."""

    def create(self, batch: Batch, entries: Sequence[AccountEntry] = ()) -> None:
        """Stores a new batch and makes these entries in the accounts, all or nothing.

        ConflictError when the id is taken, AccountLimitError when an account has no room.
        """
        ...

    def get(self, owner: str, batch_id: str) -> Batch | None: ...

    def owner_of(self, batch_id: str) -> str | None:
        """Whose batch it is, for what must not carry its owner about."""
        ...

    def get_item(self, owner: str, batch_id: str, index: int) -> Item | None: ...

    def items(
        self, owner: str, batch_id: str, *, start: int = 0, limit: int | None = None
    ) -> Iterator[Item]:
        """The items from index `start`, in order; at most `limit` of them."""
        ...

    def add_items(self, owner: str, batch_id: str, items: Sequence[Item]) -> None:
        """Stores items that are not there yet. ConflictError when the batch itself is gone."""
        ...

    def commit(
        self, batch: Batch, item: Item | None = None, entries: Sequence[AccountEntry] = ()
    ) -> tuple[Batch, Item | None]:
        """Writes both as the next change after the state they were derived from, and records a
        Change.

        Returns them with their new versions. ConflictError when either record is no longer at the
        version it carries; then nothing was written. With an item the batch's spec stays as it is,
        and an item's spec is never written again. What the item has made for a variant is in the
        library (LibraryStore) with the same write, and what it lost is not. The entries are made
        in the accounts with the same write; AccountLimitError when one has no room.
        """
        ...

    def save_item(self, owner: str, batch_id: str, item: Item) -> Item:
        """Writes an item whose batch does not change with it. ConflictError as in `commit`."""
        ...

    def put_round(self, owner: str, batch_id: str, round_: int, indices: Sequence[int]) -> None:
        """Stores the round's dispatch list, whole to a reader or not at all; a stored one stays."""
        ...

    def round_list(self, owner: str, batch_id: str, round_: int) -> Sequence[int] | None:
        """The whole dispatch list; None while it is not complete."""
        ...

    def round_entry(self, owner: str, batch_id: str, round_: int, position: int) -> int | None:
        """The item index at `position` (0-based) of the round's list; None past its end."""
        ...

    def changes(self, owner: str, batch_id: str, after: int, limit: int) -> Sequence[Change]:
        """Changes with a number above `after`, in order."""
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
        """The owner's batches, newest first; one that cannot be read is reported and left out.

        InvalidRequestError for a cursor that is not ours.
        """
        ...

    def unfinished(self, owner: str | None = None) -> Iterator[tuple[str, str]]:
        """(owner, batch id) of every batch that is not finished, of one owner or of all."""
        ...

    def unfinished_batches(self, owner: str | None = None) -> Iterator[Batch]:
        """The same batches as they are now; one that cannot be read is reported and left out."""
        ...

    def reserve_outbox_name(self, name: str, batch_id: str, until: datetime) -> bool:
        """Reserves a name in the drop folder's outbox; true when it is this batch's."""
        ...
