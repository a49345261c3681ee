"""Types of a batch's state in its current round."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from imagebatch.domain.errors import Failure

MAX_ERRORS = 20


@dataclass(frozen=True, slots=True)
class Archive:
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


@dataclass(frozen=True, slots=True)
class ProviderWait:
    """Why and until when a batch waits for its provider.

    `since` is when the provider began to return only errors that require waiting.
    """

    reason: BlockReason
    until: datetime
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class ModelBlock:
    """Why a batch does not use a model until `until`; None means for the rest of the round.

    `since` is when the model became unusable.
    """

    model: str
    reason: BlockReason
    since: datetime
    until: datetime | None

    def holds(self, now: datetime) -> bool:
        return self.until is None or self.until > now


@dataclass(frozen=True, slots=True)
class ItemError:
    """One line of a batch's `errors`."""

    index: int
    row: int | None
    custom_id: str
    failure: Failure
    rejected: bool = False
    """Whether the intake rejected the item, so that no round can retry it."""
