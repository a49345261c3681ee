"""The statuses of batches and items."""

from enum import StrEnum


class Kind(StrEnum):
    CARS = "cars"
    PROMPTS = "prompts"
    VARIANTS = "variants"
    SHEET = "sheet"


class BatchStatus(StrEnum):
    QUEUED = "queued"
    PROCESSING = "processing"
    CANCELLING = "cancelling"
    ARCHIVING = "archiving"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"
    EXPIRED = "expired"
    """Only ever shown, never stored: see `Batch.effective_status`."""


FINISHED = frozenset({BatchStatus.COMPLETED, BatchStatus.CANCELLED, BatchStatus.FAILED})


RUNNING = frozenset({BatchStatus.QUEUED, BatchStatus.PROCESSING})


class ItemStatus(StrEnum):
    PENDING = "pending"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


SETTLED = frozenset({ItemStatus.SUCCEEDED, ItemStatus.FAILED, ItemStatus.CANCELLED})


class Outcome(StrEnum):
    ALL_SUCCEEDED = "all_succeeded"
    PARTIAL = "partial"
    NONE_SUCCEEDED = "none_succeeded"
