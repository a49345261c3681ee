from collections.abc import Callable, Iterator, Sequence
from copy import replace
from datetime import datetime
from threading import RLock

from imagebatch.adapters.batch_attributes import spec_differs
from imagebatch.domain.batch import Batch
from imagebatch.domain.budgets import AccountEntry
from imagebatch.domain.errors import ConflictError, InvalidRequestError
from imagebatch.domain.item import Item
from imagebatch.domain.statuses import Kind
from imagebatch.ports.page import Page
from imagebatch.ports.records import BatchStore, Change, ItemChange
from testing.fakes.accounts import InMemoryAccountStore
from testing.fakes.copies import frozen
from testing.fakes.faults import Faults, faulty
from testing.fakes.library import InMemoryLibraryStore

type Id = tuple[str, str]


class InMemoryBatchStore(Faults, BatchStore):
    """Stores copies, so that a test's objects and the stored ones never affect each other."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = RLock()
        self._batches: dict[Id, Batch] = {}
        self._items: dict[Id, dict[int, Item]] = {}
        self._changes: dict[Id, list[Change]] = {}
        self._rounds: dict[tuple[str, str, int], tuple[int, ...]] = {}
        self._names: dict[str, str] = {}
        self.library = InMemoryLibraryStore()
        self.accounts = InMemoryAccountStore()

    @faulty
    def create(self, batch: Batch, entries: Sequence[AccountEntry] = ()) -> None:
        at = batch.owner, batch.id
        with self._lock:
            if at in self._batches:
                raise ConflictError("the id is taken")
            self.accounts.make(entries)
            self._batches[at] = frozen(batch)
            self._items[at], self._changes[at] = {}, []

    @faulty
    def get(self, owner: str, batch_id: str) -> Batch | None:
        with self._lock:
            return self._batches.get((owner, batch_id))

    @faulty
    def owner_of(self, batch_id: str) -> str | None:
        with self._lock:
            return next((owner for owner, id_ in self._batches if id_ == batch_id), None)

    @faulty
    def get_item(self, owner: str, batch_id: str, index: int) -> Item | None:
        with self._lock:
            return self._items.get((owner, batch_id), {}).get(index)

    @faulty
    def items(
        self, owner: str, batch_id: str, *, start: int = 0, limit: int | None = None
    ) -> Iterator[Item]:
        with self._lock:
            items = self._items.get((owner, batch_id), {})
            wanted = [items[index] for index in sorted(items) if index >= start]
            return iter(wanted[:limit])

    @faulty
    def add_items(self, owner: str, batch_id: str, items: Sequence[Item]) -> None:
        with self._lock:
            there = self._there(owner, batch_id)
            for item in items:
                if item.round or item.index not in there:
                    there[item.index] = frozen(item)

    @faulty
    def commit(
        self,
        batch: Batch,
        item: Item | None = None,
        entries: Sequence[AccountEntry] = (),
        *,
        before: Batch | None = None,
    ) -> tuple[Batch, Item | None]:
        at = batch.owner, batch.id
        writes_spec = item is None and spec_differs(before, batch)
        after = replace(
            batch,
            version=batch.version + 1,
            spec_version=batch.spec_version + writes_spec,
        )
        settled = None if item is None else replace(item, version=item.version + 1)
        with self._lock:
            if at not in self._batches or self._batches[at].version != batch.version:
                raise ConflictError("the batch is not as it was read")
            self.accounts.make(entries)
            if item is not None and settled is not None:
                self._check(self._items[at], item)
                self._items[at][item.index] = frozen(settled)
                self.library.settled(after, settled)
            self._batches[at] = frozen(after)
            when = after.updated_at or after.created_at
            change = Change(
                after.version, when, after.status, after.counts, settled and ItemChange.of(settled)
            )
            self._changes[at].append(frozen(change))
        return after, settled

    @faulty
    def save_item(self, owner: str, batch_id: str, item: Item) -> Item:
        after = replace(item, version=item.version + 1)
        with self._lock:
            items = self._there(owner, batch_id)
            self._check(items, item)
            items[item.index] = frozen(after)
        return after

    @faulty
    def put_round(self, owner: str, batch_id: str, round_: int, indices: Sequence[int]) -> None:
        with self._lock:
            self._there(owner, batch_id)
            self._rounds.setdefault((owner, batch_id, round_), tuple(indices))

    @faulty
    def round_list(self, owner: str, batch_id: str, round_: int) -> Sequence[int] | None:
        with self._lock:
            found = self._rounds.get((owner, batch_id, round_))
            return None if found is None else list(found)

    @faulty
    def round_entry(self, owner: str, batch_id: str, round_: int, position: int) -> int | None:
        with self._lock:
            entries = self._rounds.get((owner, batch_id, round_), ())
            return entries[position] if 0 <= position < len(entries) else None

    @faulty
    def changes(self, owner: str, batch_id: str, after: int, limit: int) -> Sequence[Change]:
        with self._lock:
            changes = self._changes.get((owner, batch_id), [])
            return [change for change in changes if change.seq > after][:limit]

    @faulty
    def list_batches(
        self,
        owner: str,
        *,
        limit: int,
        cursor: str | None = None,
        kind: Kind | None = None,
        keep: Callable[[Batch], bool] = lambda _: True,
    ) -> Page[Batch]:
        with self._lock:
            mine = [b for (of, _), b in self._batches.items() if of == owner]
        newest_first = sorted(mine, key=lambda b: (b.created_at, b.id), reverse=True)
        start = self._position(owner, cursor, newest_first) if cursor else 0
        wanted = [b for b in newest_first[start:] if kind in (None, b.kind) and keep(b)]
        more = len(wanted) > limit
        return Page(wanted[:limit], f"{owner}/{wanted[limit - 1].id}" if more else None)

    @faulty
    def unfinished(self, owner: str | None = None) -> Iterator[tuple[str, str]]:
        with self._lock:
            found = [at for at, batch in self._batches.items() if not batch.finished]
        return iter(sorted(at for at in found if owner in (None, at[0])))

    @faulty
    def unfinished_batches(self, owner: str | None = None) -> Iterator[Batch]:
        found = [self.get(*at) for at in self.unfinished(owner)]
        return iter([batch for batch in found if batch is not None])

    @faulty
    def reserve_outbox_name(self, name: str, batch_id: str, until: datetime) -> bool:
        with self._lock:
            return self._names.setdefault(name, batch_id) == batch_id

    def _there(self, owner: str, batch_id: str) -> dict[int, Item]:
        if (owner, batch_id) not in self._batches:
            raise ConflictError("the batch is gone")
        return self._items[owner, batch_id]

    @staticmethod
    def _check(items: dict[int, Item], item: Item) -> None:
        if item.index not in items or items[item.index].version != item.version:
            raise ConflictError("the item is not as it was read")

    @staticmethod
    def _position(owner: str, cursor: str, batches: Sequence[Batch]) -> int:
        names = [f"{owner}/{batch.id}" for batch in batches]
        if cursor not in names:
            raise InvalidRequestError("invalid-cursor", "Invalid cursor")
        return names.index(cursor) + 1
