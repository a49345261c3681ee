"""A batch's state in its current round."""

from datetime import datetime
from enum import StrEnum

from imagebatch.domain.counts import Counts
from imagebatch.domain.errors import Failure
from imagebatch.domain.statuses import BatchStatus
from imagebatch.structs import Struct, replace

MAX_ERRORS = 20


class Archive(Struct, frozen=True):
    key: str
    size: int
    entries: int
    failed_rows_key: str | None = None
    failed_rows_csv_key: str | None = None
    choices: int | None = None
    """The choices it was built with (versions.py)."""
    built_at: datetime | None = None


class ArchiveState(StrEnum):
    NONE = "none"
    BUILDING = "building"
    READY = "ready"
    EXPIRED = "expired"
    FAILED = "failed"


class BlockReason(StrEnum):
    """Also the values of `waiting_for`, which clients know."""

    RATE_LIMITED = "provider_rate_limit"
    UNAVAILABLE = "provider_unavailable"
    GONE = "model_unavailable"


class ProviderWait(Struct, frozen=True):
    """Why and until when a batch waits for its provider.

    `since` is when the provider began to return only errors that require waiting.
    """

    reason: BlockReason
    until: datetime
    since: datetime | None = None


class ModelBlock(Struct, frozen=True):
    """Why a batch does not use a model until `until`; None means for the rest of the round.

    `since` is when the model became unusable.
    """

    model: str
    reason: BlockReason
    since: datetime
    until: datetime | None

    def holds(self, now: datetime) -> bool:
        return self.until is None or self.until > now


class ItemError(Struct, frozen=True):
    """One line of a batch's `errors`."""

    index: int
    row: int | None
    custom_id: str
    failure: Failure
    rejected: bool = False
    """Whether the intake rejected the item, so that no round can retry it."""


class RoundState(Struct, frozen=True, kw_only=True):
    """The state of a batch in its current round."""

    counts: Counts
    status: BatchStatus = BatchStatus.QUEUED
    round: int = 1
    round_total: int = 0
    """The number of items in the current round."""
    last_dispatched_round: int = 0
    """The last round whose items and dispatch list are completely stored."""
    enqueued_count: int = 0
    """The number of entries of the round's dispatch list that were put into the queue."""
    attempt: int = 1
    """The finalizer's attempt in this round."""
    retry_request_id: str = ""
    """The request that opened this round."""
    pending_redos: int | None = None
    """The number of pending items that have an image, which they keep if the batch is cancelled."""
    waiting: ProviderWait | None = None
    blocks: tuple[ModelBlock, ...] = ()
    """Models that this round must not use for now (fallback.py)."""
    abort_reason: Failure | None = None
    """Set if the provider rejected the API key or required too long a wait: the remaining items of
    the round fail with this reason, without a request.
    """
    archive: Archive | None = None

    @property
    def dispatched(self) -> bool:
        return self.last_dispatched_round >= self.round

    def next_attempt(self) -> "RoundState":
        """Let the finalizer try again."""
        return replace(self, attempt=self.attempt + 1)

    def open_next(
        self, size: int, counts: Counts, pending_redos: int | None = None
    ) -> "RoundState":
        return replace(
            self,
            counts=counts,
            status=BatchStatus.PROCESSING,
            round=self.round + 1,
            round_total=size,
            enqueued_count=0,
            attempt=1,
            pending_redos=pending_redos,
            waiting=None,
            blocks=(),
            abort_reason=None,
            archive=None,
        )
