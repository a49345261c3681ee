"""A batch and its items: the words, and what always adds up. Read this first, then transitions.py.

A batch's counts are eager and its items are lazy: cancelling or retrying ten thousand items is one
write to the batch, and what that made of an item nobody has touched since follows from the two
together (`effective_item_status`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from imagebatch.domain.counts import Counts
from imagebatch.domain.errors import Failure
from imagebatch.domain.model_registry import ImageModel, Mode, Quality
from imagebatch.domain.money import ZERO
from imagebatch.domain.notice import Notice
from imagebatch.domain.redos import Redo
from imagebatch.domain.round_state import (
    Archive,
    ArchiveState,
    ItemError,
    ModelBlock,
    ProviderWait,
    Reservation,
)
from imagebatch.domain.statuses import FINISHED, BatchStatus, Kind, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSpec:
    """What was submitted. No item changes it, only a request about the batch as a whole."""

    id: str
    owner: str
    kind: Kind
    mode: Mode
    model: str
    created_at: datetime
    retention_ends_at: datetime
    name: str = ""
    estimated: Decimal = ZERO
    max_cost: Decimal | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    callback_url: str | None = None
    drop_key: str | None = None
    """The object in the drop folder this batch came from."""
    quality: Quality = Quality.STANDARD
    models: tuple[ImageModel, ...] = ()
    """The registry's entries this round was accepted with, of `model` and then of each fallback: no
    later edit of the registry changes a running batch.
    """
    notices: tuple[Notice, ...] = ()
    """What was noticed when its sheet was read."""
    redos: tuple[Redo, ...] = ()
    """The rounds that made chosen items again, oldest first; every other round but the first ran
    what had failed.
    """
    spec_version: int = 0
    """How often this part was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch(BatchSpec):
    """What a client submits and watches: what was submitted, the round, the money, the times.

    `version` numbers its changes without a gap.
    """

    counts: Counts
    status: BatchStatus = BatchStatus.QUEUED
    version: int = 0

    round: int = 1
    round_total: int = 0
    """How many items the current round runs."""
    last_dispatched_round: int = 0
    """The last round whose items are all stored and whose dispatch list is complete."""
    enqueued_count: int = 0
    """How many entries of the round's dispatch list were put into the queue."""
    attempt: int = 1
    """The finalizer's attempt in this round."""
    rejected: int = 0
    """How many items failed at the intake."""
    errors: tuple[ItemError, ...] = ()
    retry_request_id: str = ""
    """The request that opened this round."""
    pending_redos: int | None = None
    """How many of the pending items have an image, which a cancel gives them back."""
    choices: int | None = None
    """The choices that differ from the newest image, as one number (versions.py)."""
    waiting: ProviderWait | None = None
    blocks: tuple[ModelBlock, ...] = ()
    """What this round has learned of its models (fallback.py)."""
    abort_reason: Failure | None = None
    """Set when the provider refused our key, or made us wait too long: what is left of this round
    fails with it, unasked.
    """
    archive: Archive | None = None

    committed: Decimal = ZERO
    actual: Decimal = ZERO
    failed_price: Decimal | None = None
    """The price of all items that failed in this round: what a retry of them is estimated at."""
    reservation: Reservation | None = None
    """Held from the write that opens a round to the one that ends it; see budgets.py."""

    updated_at: datetime | None = None
    started_at: datetime | None = None
    round_started_at: datetime | None = None
    cancelling_at: datetime | None = None
    archiving_at: datetime | None = None
    finished_at: datetime | None = None
    expires_at: datetime | None = None
    rebuild_attempt: int | None = None
    """The last attempt that built the archive of a finished batch anew."""
    rebuilding_at: datetime | None = None
    """Since when such an attempt is at work."""

    @property
    def rebuilding(self) -> bool:
        return self.rebuilding_at is not None

    @property
    def total(self) -> int:
        return self.counts.total

    @property
    def entry(self) -> ImageModel:
        """The entry of the model that this round runs on."""
        return self.models[0]

    @property
    def redo(self) -> Redo | None:
        """The current round's, when it is one that makes chosen items again."""
        last = self.redos[-1] if self.redos else None
        return last if last is not None and last.round == self.round else None

    @property
    def chain(self) -> tuple[str, ...]:
        """The models that this round may ask, in order."""
        return tuple(entry.id for entry in self.models) or (self.model,)

    def entry_of(self, model: str) -> ImageModel | None:
        return next((entry for entry in self.models if entry.id == model), None)

    @property
    def finished(self) -> bool:
        return self.status in FINISHED

    @property
    def outcome(self) -> Outcome | None:
        if not self.finished:
            return None
        if self.counts.succeeded == self.total:
            return Outcome.ALL_SUCCEEDED
        return Outcome.PARTIAL if self.counts.succeeded else Outcome.NONE_SUCCEEDED

    def expired(self, now: datetime) -> bool:
        return self.finished and self.expires_at is not None and now >= self.expires_at

    def effective_status(self, now: datetime) -> BatchStatus:
        return BatchStatus.EXPIRED if self.expired(now) else self.status

    def available_archive(self, now: datetime) -> Archive | None:
        """The current round's archive while it may be handed out."""
        return self.archive if self.finished and not self.expired(now) else None

    def archive_state(self, now: datetime) -> ArchiveState:
        if self.rebuilding or self.status is BatchStatus.ARCHIVING:
            return ArchiveState.BUILDING
        if not self.finished:
            return ArchiveState.NONE
        if self.available_archive(now) is not None:
            return ArchiveState.READY
        return ArchiveState.EXPIRED if self.expired(now) else ArchiveState.FAILED

    @property
    def archive_outdated(self) -> bool:
        """Whether the archive has other images than those that are chosen now."""
        return self.archive is not None and (self.archive.choices or 0) != (self.choices or 0)

    @property
    def building_since(self) -> datetime | None:
        return self.rebuilding_at or self.archiving_at

    def eta(self, now: datetime) -> datetime | None:
        """When this round's last item settles at the pace so far; null until there is a pace."""
        done = self.round_total - self.counts.unsettled
        if self.status is not BatchStatus.PROCESSING or not self.round_started_at or done < 1:
            return None
        pace = (now - self.round_started_at) / done
        return now + pace * self.counts.unsettled

    def waiting_for(self, now: datetime) -> ProviderWait | None:
        return self.waiting if self.waiting and self.waiting.until > now else None
