"""Deleting for good: what the records know of it."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from imagebatch.domain.batch import Batch
from imagebatch.domain.deletion import Deletion

type KeepGoing = Callable[[], bool]
"""False when the caller has no time left; what is left is done by another call."""


class DeletionStore(Protocol):
    """The records of deleted batches, and those of deletions that have not ended."""

    def start(self, batch: Batch, deletion: Deletion) -> None:
        """Nobody finds the batch afterwards, and the deletion is among the pending ones.

        ConflictError when the batch is not as it was read; then nothing was written.
        """
        ...

    def pending(self) -> Iterator[Deletion]: ...

    def owns_outbox_name(self, name: str, batch_id: str) -> bool:
        """Whether the name in the outbox was reserved by this batch."""
        ...

    def remove_records(
        self, deletion: Deletion, names: Sequence[str], keep_going: KeepGoing
    ) -> bool:
        """Removes the batch's records, its folders with their images, these names in the outbox,
        and the content of its Idempotency-Key, which stays taken. True when nothing is left.
        """
        ...

    def end(self, deletion: Deletion) -> None: ...
