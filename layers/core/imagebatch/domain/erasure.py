"""The job that erases all of an owner's data, and its receipt."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from imagebatch.structs import Struct, field

ADMITTED_BEFORE = timedelta(minutes=16)
"""Longer than any invocation: by then, everything that began before the erasure has ended."""


class ErasureStatus(StrEnum):
    RUNNING = "running"
    DONE = "done"


class Erasure(Struct, frozen=True, kw_only=True):
    """`cursor` is the position of the table scan; `kept` the amounts spent, by mode and month."""

    id: str
    owner: str
    started_at: datetime
    status: ErasureStatus = ErasureStatus.RUNNING
    finished_at: datetime | None = None
    batches: int = 0
    uploads: int = 0
    records: int = 0
    kept: Mapping[str, str] = field(default_factory=dict)
    cursor: str = ""

    def may_remove_records(self, now: datetime) -> bool:
        """Whether nothing that was accepted before the erasure began can still write."""
        return now >= self.started_at + ADMITTED_BEFORE
