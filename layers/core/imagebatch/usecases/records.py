"""Deciding and writing in one step, however many others write the same batch."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from imagebatch.domain.batch import Batch, Item
from imagebatch.domain.errors import ConflictError, ImagebatchError, NotFoundError, UnavailableError
from imagebatch.ports import BatchStore, Clock, Ids

type Move = Callable[[Batch, Item], tuple[Batch, Item]]
MAX_CONFLICT_RETRIES = 60
"""Lost races in a row before a caller is told to come again: fifty writers get through."""


class LeaseLostError(ImagebatchError):
    """Another delivery has the item; whatever this one knows is no longer its to write."""


def not_found() -> NotFoundError:
    return NotFoundError("not-found", "Job not found", title="Not found")


@dataclass(frozen=True, slots=True)
class BatchRepository:
    store: BatchStore
    clock: Clock
    ids: Ids

    def batch(self, owner: str, batch_id: str) -> Batch:
        """NotFoundError for an unknown id and for somebody else's alike."""
        found = self.store.get(owner, batch_id)
        if found is None:
            raise not_found()
        return found

    def update(self, owner: str, batch_id: str, move: Callable[[Batch], Batch]) -> Batch:
        """Applies `move` to the batch as it is now; nothing is written when it returns its
        argument.
        """
        for lost in range(MAX_CONFLICT_RETRIES):
            before = self.batch(owner, batch_id)
            after = move(before)
            if after is before:
                return before
            try:
                return self.store.commit(replace(after, updated_at=self.clock.now()))[0]
            except ConflictError:
                self._back_off(lost)
        raise UnavailableError("the batch changed faster than it could be written")

    def update_item(
        self,
        batch: Batch,
        item: Item,
        move: Move,
        *,
        token: str | None = None,
    ) -> tuple[Batch, Item]:
        """Applies `move` to both, from the state at hand first and from a fresh one after each
        lost race.

        A move that leaves the batch as it is writes the item alone. With `token` only the lease's
        holder writes: LeaseLostError once another delivery has the item.
        """
        for lost in range(MAX_CONFLICT_RETRIES):
            if token is not None and (item.lease is None or item.lease.token != token):
                raise LeaseLostError(f"item {item.index} of batch {batch.id}")
            after, settled = move(batch, item)
            try:
                if after is batch:
                    return batch, self.store.save_item(batch.owner, batch.id, settled)
                written, kept = self.store.commit(
                    replace(after, updated_at=self.clock.now()), settled
                )
            except ConflictError:
                self._back_off(lost)
                batch, item = self.reload(batch, item)
            else:
                return written, kept or settled
        raise UnavailableError("the batch changed faster than the item could be written")

    def reload(self, batch: Batch, item: Item) -> tuple[Batch, Item]:
        fresh = self.store.get_item(batch.owner, batch.id, item.index)
        if fresh is None:
            raise not_found()
        return self.batch(batch.owner, batch.id), fresh

    def _back_off(self, lost: int) -> None:
        self.clock.sleep(min(0.4, 0.005 * 2 ** min(lost, 7)) * self.ids.jitter())
