"""A batch being deleted: the data required to find its objects after its records are deleted."""

from datetime import datetime, timedelta

from imagebatch.domain.batch import Batch
from imagebatch.domain.errors import StateConflictError
from imagebatch.structs import Struct

AFTERWARDS = timedelta(minutes=16)
"""An invocation lasts at most 15 minutes: after that, anything that was running when the batch was
deleted, such as its finalizer, has written its last object.
"""


class Deletion(Struct, frozen=True, kw_only=True):
    """`round` is the last round: each round may have a waiting finalizer."""

    owner: str
    batch_id: str
    round: int
    started_at: datetime
    drop_key: str | None = None

    @classmethod
    def of(cls, batch: Batch, now: datetime) -> "Deletion":
        return cls(
            owner=batch.owner,
            batch_id=batch.id,
            round=batch.round,
            started_at=now,
            drop_key=batch.drop_key,
        )

    def may_end(self, now: datetime) -> bool:
        """Whether nothing that was running when the deletion began can still write."""
        return now >= self.started_at + AFTERWARDS


def check_deletable(batch: Batch) -> None:
    if not batch.finished:
        raise StateConflictError(
            "batch-running",
            "Batch is still running",
            detail=f"The batch is {batch.status}. Cancel it, or wait until it has ended.",
        )
    if batch.rebuilding:
        raise StateConflictError(
            "batch-running",
            "Batch is still running",
            detail="Its archive is being built again. Try again in a minute.",
            retry_after=30,
        )
