"""What the API answers, as models: the OpenAPI document is made from them, and tests check against
them.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from imagebatch.domain.batch import BatchStatus, ItemStatus, Kind, Outcome
from imagebatch.domain.errors import FailureCode
from imagebatch.domain.model_registry import Mode
from imagebatch.intake.uploads import UploadKind, UploadStatus

type Money = Annotated[str, Field(pattern=r"^\d+\.\d{2,}$", description="USD", examples=["2.45"])]
type Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
type Link = Annotated[str, Field(json_schema_extra={"format": "uri"})]


class Camel(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", defer_build=True
    )


class Snake(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)


class Cost(Camel):
    estimated: Money
    committed: Money
    actual: Money
    max: Money | None


class Waiting(Camel):
    reason: Literal["provider_rate_limit"]
    until: Moment


class RowError(Camel):
    row: int | None
    custom_id: str
    code: FailureCode
    reason: str
    retryable: bool


class RowErrorV1(Snake):
    row: int | None
    custom_id: str
    code: FailureCode
    reason: str
    retryable: bool


class BatchAnswer(Camel):
    """A batch, as the car and variant APIs show it."""

    job_id: str
    kind: Kind
    name: str
    status: BatchStatus
    outcome: Outcome | None
    mode: Mode
    model: str
    round: int
    total: int
    done: int
    failed: int
    cancelled: int
    pending: int
    processing: int
    percent: Annotated[int, Field(ge=0, le=100)]
    zip_url: Link | None
    failed_rows_url: Link | None
    failed_rows_csv_url: Link | None
    retriable: int
    errors: list[RowError]
    cost: Cost
    eta: Moment | None
    waiting_for: Waiting | None
    metadata: dict[str, str]
    created_at: Moment
    started_at: Moment | None
    archiving_at: Moment | None
    finished_at: Moment | None
    cancelling_at: Moment | None
    expires_at: Moment | None


class BatchV1(Snake):
    """A batch, as the v1 API shows it."""

    batch_id: str
    kind: Kind
    name: str
    status: BatchStatus
    outcome: Outcome | None
    mode: Mode
    model: str
    round: int
    total: int
    done: int
    failed: int
    cancelled: int
    pending: int
    processing: int
    percent: Annotated[int, Field(ge=0, le=100)]
    zip_url: Link | None
    failed_rows_url: Link | None
    failed_rows_csv_url: Link | None
    retriable: int
    errors: list[RowErrorV1]
    cost: Cost
    eta: Moment | None
    waiting_for: Waiting | None
    metadata: dict[str, str]
    created_at: Moment
    started_at: Moment | None
    archiving_at: Moment | None
    finished_at: Moment | None
    cancelling_at: Moment | None
    expires_at: Moment | None


class ItemV1(Snake):
    index: int
    custom_id: str
    row: int | None
    status: ItemStatus
    file: str | None
    thumbnail_url: Link | None
    code: FailureCode | None
    reason: str | None
    attempts: int
    cost: Money
    seconds: float | None


class StatusV1(BatchV1):
    items: list[ItemV1]
    next_cursor: str | None


class BatchListV1(Snake):
    items: list[BatchV1]
    next_cursor: str | None


class CarBatchAccepted(Camel):
    job_id: str
    total: int
    status: Literal["queued"]
    mode: Mode
    estimated_cost: Money
    warnings: list[str]
    status_url: Link


class PreviewItem(Camel):
    row: int | None
    custom_id: str
    prompt: str
    file: str | None
    input: dict[str, Any]
    price: Money
    code: FailureCode | None = None
    reason: str | None = None


class Preview(Camel):
    dry_run: Literal[True]
    total: int
    estimated_cost: Money
    mode: Mode
    warnings: list[str]
    items: list[PreviewItem]


class PromptBatchAccepted(Snake):
    batch_id: str
    status: Literal["queued"]
    total_items: int
    mode: Mode
    estimated_cost: Money
    warnings: list[str]
    status_url: Link


class PreviewItemV1(Snake):
    row: int | None
    custom_id: str
    prompt: str
    file: str | None
    input: dict[str, Any]
    price: Money


class PreviewV1(Snake):
    dry_run: Literal[True]
    total: int
    estimated_cost: Money
    mode: Mode
    warnings: list[str]
    items: list[PreviewItemV1]


class UploadedFile(Camel):
    """`url` is null until the file is ready, `reason` unless it was rejected."""

    id: str
    url: Link | None
    original_name: str
    kind: UploadKind
    status: UploadStatus
    reason: str | None
    created_at: Moment


class UploadTarget(Camel):
    """Post the fields, in this order, and then the file as `file` to the URL within 15 minutes."""

    url: Link
    fields: dict[str, str]


class UploadAnswer(Camel):
    file: UploadedFile
    upload: UploadTarget | None


class UploadList(Camel):
    items: list[UploadedFile]
    next_cursor: str | None


class QueueAnswer(Camel):
    active_batches: int
    pending_items: int
    concurrency: int
    visible: int | None = None
    in_flight: int | None = None
    delayed: int | None = None
    dead_letter: int | None = None


class Health(Camel):
    status: Literal["ok"]


class Problem(BaseModel):
    """RFC 9457. `error` is one plain sentence to show; `details` is there where there is a list."""

    type: Link
    title: str
    status: int
    detail: str
    error: str
    details: list[dict[str, Any]] | None = None
