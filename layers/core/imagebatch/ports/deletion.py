"""Permanent deletion: the records involved."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from imagebatch.domain.batch import Batch
from imagebatch.domain.deletion import Deletion

type KeepGoing = Callable[[], bool]
"""False if the caller has no time left; another call completes the rest."""


class DeletionStore(Protocol):
    """The records of deleted batches, and of deletions that are not complete."""

    def start(self, batch: Batch, deletion: Deletion) -> None:
        """Make the batch inaccessible, and add the deletion to the pending ones.

        ConflictError if the batch has changed since it was read; then nothing was written.
        """
        ...

    def pending(self) -> Iterator[Deletion]: ...

    def owns_outbox_name(self, name: str, batch_id: str) -> bool:
        """Whether this batch reserved the name in the outbox."""
        ...

    def remove_records(
        self, deletion: Deletion, names: Sequence[str], keep_going: KeepGoing
    ) -> bool:
        """Remove the batch's records, its folders with their images, these names in the outbox, and
        the content of its Idempotency-Key, which stays in use.

        True if nothing is left.
        """
        ...

    def end(self, deletion: Deletion) -> None: ...
