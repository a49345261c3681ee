"""The payloads of live-progress events; the OpenAPI document is generated from them.

Without pydantic, which live progress does not load. Amounts are in USD, times in ISO 8601.
"""

from typing import TypedDict

from imagebatch.domain.errors import FailureCode
from imagebatch.domain.model_registry import Mode
from imagebatch.domain.round_state import BlockReason
from imagebatch.domain.statuses import BatchStatus, ItemStatus, Outcome


class ItemEvent(TypedDict):
    """Event `item`: an item has changed. Only an item with an image has `file` and `model`."""

    index: int
    custom_id: str
    row: int | None
    status: ItemStatus
    file: str | None
    code: FailureCode | None
    reason: str | None
    model: str | None
    thumbnail_url: str | None


class ProviderPause(TypedDict):
    """Why and until when a batch waits for its provider."""

    reason: BlockReason
    until: str


class ProgressEvent(TypedDict):
    """Event `progress`: the batch after the changes so far."""

    batch_id: str
    status: BatchStatus
    total: int
    pending: int
    processing: int
    succeeded: int
    failed: int
    cancelled: int
    percent: int
    cost: str
    eta: str | None
    waiting_for: ProviderPause | None
    mode: Mode


class EndEvent(TypedDict):
    """The last event, `completed`, `failed` or `cancelled`: the result of the round."""

    batch_id: str
    status: BatchStatus
    outcome: Outcome | None
    zip_url: str | None
    failed_rows_url: str | None
    total: int
    succeeded: int
    failed: int
    cancelled: int
    cost: str


EVENTS = (ItemEvent, ProgressEvent, EndEvent)
