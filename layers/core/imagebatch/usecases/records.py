"""Decides and writes in one step, however many others write the same batch."""

from collections.abc import Callable, Iterator
from contextlib import suppress

from imagebatch.domain.batch import Batch
from imagebatch.domain.budgets import NO_LIMITS, Limits, account_entries
from imagebatch.domain.effective_status import effective_item_status
from imagebatch.domain.errors import (
    AccountLimitError,
    ConflictError,
    NotFoundError,
    UnavailableError,
)
from imagebatch.domain.item import Item
from imagebatch.domain.statuses import SETTLED
from imagebatch.ports.clock import Clock
from imagebatch.ports.randomness import Randomness
from imagebatch.ports.records import BatchStore
from imagebatch.retries import attempts
from imagebatch.structs import Struct, replace
from imagebatch.usecases.limits import refusal

type Pair = tuple[Batch, Item]
type Move = Callable[[Batch, Item], Pair]
MAX_CONFLICT_RETRIES = 60
"""Consecutive conflicts before the caller gets an error; enough for fifty concurrent writers."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 0.4
"""Seconds before a repeated write, at most. A transaction takes 0.01: after a shorter pause,
workers whose predictions take the same time would collide again at the end of each of them.
"""
MAX_CREATE_TRIES = 3
"""Each consists of eight attempts; a request has no time for more."""


def not_found() -> NotFoundError:
    return NotFoundError("not-found", "Job not found", title="Not found")


class BatchRepository(Struct, frozen=True):
    store: BatchStore
    clock: Clock
    random: Randomness
    limits: Limits = NO_LIMITS

    def batch(self, owner: str, batch_id: str) -> Batch:
        """NotFoundError for an unknown ID and for another owner's alike."""
        found = self.store.get(owner, batch_id)
        if found is None:
            raise not_found()
        return found

    def create(self, batch: Batch) -> Batch:
        """Store a new batch with its account entries, and return it, or the existing one under its
        ID.

        TooManyBatchesError or OverBudgetError if there is no room for it.
        """
        entries = account_entries(None, batch, self.limits)
        for _ in self.attempts(MAX_CREATE_TRIES):
            try:
                self.store.create(batch, entries)
            except AccountLimitError as error:
                raise refusal(error) from error
            except ConflictError:
                found = self.store.get(batch.owner, batch.id)
                if found is not None:
                    return found
            else:
                return batch
        raise UnavailableError("too many batches were submitted at the same moment")

    def update(self, owner: str, batch_id: str, move: Callable[[Batch], Batch]) -> Batch:
        """Apply `move` to the current batch; nothing is written if it returns its argument.

        TooManyBatchesError or OverBudgetError if it takes more than its owner has left.
        """
        for _ in self.attempts():
            before = self.batch(owner, batch_id)
            after = move(before)
            if after is before:
                return before
            entries = account_entries(before, after, self.limits)
            try:
                changed = replace(after, updated_at=self.clock.now())
                return self.store.commit(changed, entries=entries, before=before)[0]
            except AccountLimitError as error:
                raise refusal(error) from error
            except ConflictError:
                continue
        raise UnavailableError("the batch changed faster than it could be written")

    def update_item(self, batch: Batch, item: Item, move: Move) -> Pair:
        """Apply `move` to both, first on the state at hand, then on a fresh one after each
        conflict.
        """
        for lost in self.attempts():
            if lost:
                batch, item = self.reload(batch, item)
            with suppress(ConflictError):
                return self.save((batch, item), move(batch, item))
        raise UnavailableError("the batch changed faster than the item could be written")

    def find(self, owner: str, batch_id: str, index: int) -> Pair | None:
        """Return both; the batch is never older than what settled the item.

        A delivery of a settled item continues what the batch says, and its message is then gone.
        """
        found = self.store.find(owner, batch_id, index)
        if found is None or effective_item_status(*found) not in SETTLED:
            return found
        batch = self.store.get(owner, batch_id)
        return None if batch is None else (batch, found[1])

    def save(self, before: Pair, after: Pair) -> Pair:
        """Store what changed: both, or the batch or the item alone.

        ConflictError if a record that changed differs from `before`; then nothing was written.
        """
        (batch, item), (new_batch, new_item) = before, after
        if new_batch is not batch:
            changed = replace(new_batch, updated_at=self.clock.now())
            # A change reports its item: one that only waits is not reported again.
            settled = None if new_item is item else new_item
            stored, kept = self.store.commit(changed, settled, before=batch)
            return stored, kept or item
        if new_item is not item:
            return batch, self.store.save_item(batch.owner, batch.id, new_item)
        return before

    def reload(self, batch: Batch, item: Item) -> Pair:
        fresh = self.find(batch.owner, batch.id, item.index)
        if fresh is None:
            raise not_found()
        return fresh

    def attempts(self, tries: int = MAX_CONFLICT_RETRIES) -> Iterator[int]:
        """Tries of a write that may lose a race."""
        return attempts(
            tries,
            first=FIRST_PAUSE,
            longest=LONGEST_PAUSE,
            sleep=self.clock.sleep,
            jitter=self.random.jitter,
        )
