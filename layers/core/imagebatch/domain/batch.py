"""A batch. Read this module first, then transitions.py.

A batch's counts are updated eagerly, its items lazily: cancelling or retrying ten thousand items is
one write to the batch. The status of an item that has not been written since is derived from both
records (`effective_item_status`).
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from imagebatch.domain.counts import Counts
from imagebatch.domain.model_registry import ImageModel, Mode, Quality
from imagebatch.domain.money import ZERO, Money
from imagebatch.domain.notice import Notice
from imagebatch.domain.redos import Redo
from imagebatch.domain.round_state import (
    Archive,
    ArchiveState,
    ItemError,
    ProviderWait,
    RoundState,
)
from imagebatch.domain.statuses import FINISHED, BatchStatus, Kind, Outcome
from imagebatch.structs import Struct, field


class BatchSpec(Struct, frozen=True, kw_only=True):
    """The batch as submitted. Only requests about the whole batch change it, never an item."""

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
    """The object in the drop folder from which the batch was created."""
    quality: Quality = Quality.STANDARD
    models: tuple[ImageModel, ...] = ()
    """Copies of the registry's entries of `model` and each fallback, taken when the round was
    accepted: later edits of the registry do not change a running batch.
    """
    notices: tuple[Notice, ...] = ()
    """Notices from reading the sheet."""
    redos: tuple[Redo, ...] = ()
    """The rounds that regenerated chosen items, oldest first. All other rounds except the first
    retried failed items.
    """
    spec_version: int = 0
    """Incremented each time the spec is written."""


class Batch(BatchSpec, frozen=True, kw_only=True):
    """The spec of a batch, the state of its current round, its costs and its timestamps.

    `status`, `counts` and `round` are the state's: nearly everything asks for them.
    `version` is incremented by one with each change.
    """

    state: RoundState
    money: Money = field(default_factory=Money)
    version: int = 0

    rejected: int = 0
    """The number of items that the intake rejected."""
    errors: tuple[ItemError, ...] = ()
    choices: int | None = None
    """The choices that differ from the newest image, as one number (versions.py)."""

    updated_at: datetime | None = None
    started_at: datetime | None = None
    round_started_at: datetime | None = None
    cancelling_at: datetime | None = None
    archiving_at: datetime | None = None
    finished_at: datetime | None = None
    expires_at: datetime | None = None
    rebuild_attempt: int | None = None
    """The last attempt to rebuild the archive of a finished batch."""
    rebuilding_at: datetime | None = None
    """When the rebuild in progress started."""

    @property
    def status(self) -> BatchStatus:
        return self.state.status

    @property
    def counts(self) -> Counts:
        return self.state.counts

    @property
    def round(self) -> int:
        return self.state.round

    @property
    def rebuilding(self) -> bool:
        return self.rebuilding_at is not None

    @property
    def total(self) -> int:
        return self.counts.total

    @property
    def entry(self) -> ImageModel:
        """The registry entry of the round's model."""
        return self.models[0]

    @property
    def redo(self) -> Redo | None:
        """The current round's redo; None if the round does not regenerate chosen items."""
        last = self.redos[-1] if self.redos else None
        return last if last is not None and last.round == self.round else None

    @property
    def chain(self) -> tuple[str, ...]:
        """The models that this round may use, in order."""
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
        """Return the current round's archive while it can be downloaded."""
        return self.state.archive if self.finished and not self.expired(now) else None

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
        """Whether the archive contains different images than those chosen now."""
        archive = self.state.archive
        return archive is not None and (archive.choices or 0) != (self.choices or 0)

    @property
    def building_since(self) -> datetime | None:
        return self.rebuilding_at or self.archiving_at

    def eta(self, now: datetime) -> datetime | None:
        """Estimate when the round's last item settles; None before the first item has settled."""
        done = self.state.round_total - self.counts.unsettled
        if self.status is not BatchStatus.PROCESSING or not self.round_started_at or done < 1:
            return None
        pace = (now - self.round_started_at) / done
        return now + pace * self.counts.unsettled

    def waiting_for(self, now: datetime) -> ProviderWait | None:
        waiting = self.state.waiting
        return waiting if waiting and waiting.until > now else None
