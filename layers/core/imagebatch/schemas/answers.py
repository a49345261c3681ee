"""Response models of the API; the OpenAPI document is generated from them."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from imagebatch.domain.errors import FailureCode
from imagebatch.domain.model_registry import Mode
from imagebatch.domain.notice import NoticeLevel
from imagebatch.domain.provenance import Mark
from imagebatch.domain.round_state import ArchiveState, BlockReason
from imagebatch.domain.statuses import BatchStatus, ItemStatus, Kind, Outcome
from imagebatch.schemas.answer_fields import Link, Money, ResponseModel, Timestamp


class Cost(ResponseModel):
    estimated: Money
    committed: Money
    actual: Money
    max: Money | None


class WaitingFor(ResponseModel):
    reason: BlockReason
    until: Timestamp


class NoticeAnswer(ResponseModel):
    """A remark about the sheet. A `notice` lost no data; a `warning` should be reviewed."""

    code: str
    level: NoticeLevel
    message: str
    row: int | None
    column: str | None


class RowError(ResponseModel):
    row: int | None
    custom_id: str
    code: FailureCode
    reason: str
    retryable: bool


class ArchiveStateAnswer(ResponseModel):
    """`outdated` if other images are chosen now than when it was built."""

    state: ArchiveState
    outdated: bool
    built_at: Timestamp | None
    expires_at: Timestamp | None


class BatchAnswer(ResponseModel):
    batch_id: Annotated[str, Field(alias="jobId")]
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
    archive: ArchiveStateAnswer
    retriable: int
    errors: list[RowError]
    cost: Cost
    eta: Timestamp | None
    waiting_for: WaitingFor | None
    warnings: list[str]
    notices: list[NoticeAnswer]
    metadata: dict[str, str]
    created_at: Timestamp
    started_at: Timestamp | None
    archiving_at: Timestamp | None
    finished_at: Timestamp | None
    cancelling_at: Timestamp | None
    expires_at: Timestamp | None
    thumbnails: Annotated[
        list[Link], Field(description="In lists, as many as `thumbnails` requests.")
    ] = Field(default_factory=list)


class LastRedoAnswer(ResponseModel):
    """Why the last redo of an item produced no image; `code` is null if it was cancelled."""

    round: int
    code: FailureCode | None
    reason: str


class ItemAnswer(ResponseModel):
    index: int
    custom_id: str
    row: int | None
    status: ItemStatus
    file: str | None
    url: Link | None
    thumbnail_url: Link | None
    sha256: str | None
    ai_mark: Mark | None
    code: FailureCode | None
    reason: str | None
    attempts: int
    cost: Money
    seconds: float | None
    model: Annotated[str | None, Field(description="The model that generated the image.")]
    size: Annotated[int | None, Field(description="The image's size in bytes.")]
    crc32: Annotated[
        str | None, Field(description="The image's CRC-32 as eight hexadecimal digits.")
    ]
    version_count: int
    chosen_version: int | None
    note: Annotated[str | None, Field(description="What a redo asked for besides the prompt.")]
    last_redo: LastRedoAnswer | None


class VersionAnswer(ResponseModel):
    """One of the images of an item; its URLs are null once its file is deleted."""

    version: int
    round: int
    url: Link | None
    thumbnail_url: Link | None
    file: str
    model: str | None
    prompt: str
    note: str | None
    cost: Money
    created_at: Timestamp | None
    chosen: bool


class ItemDetail(ItemAnswer):
    """An item with all of its versions. `cells` is its row as submitted."""

    batch_id: str
    prompt: str
    aspect_ratio: str | None
    columns: list[str]
    cells: list[str]
    versions: list[VersionAnswer]


class BatchStatusAnswer(BatchAnswer):
    items: list[ItemAnswer]
    next_cursor: str | None


class InputImage(ResponseModel):
    url: Link
    upload_id: Annotated[str | None, Field(description="Null for what is no upload of yours.")]


class InputItem(ResponseModel):
    """`cells` are the row's in the order of the columns; empty where there was no sheet.

    `images` are its reference images. `settings` are those of a batch of variants as they were
    submitted, with the variant's `product_images`; empty for other kinds.
    """

    index: int
    custom_id: str
    row: int | None
    prompt: str
    aspect_ratio: str | None
    cells: list[str]
    images: list[InputImage]
    variant_id: int | None
    settings: dict[str, Any]


class BatchInput(ResponseModel):
    kind: Kind
    template: Annotated[str | None, Field(description="The name of the template it was made with.")]
    columns: list[str]
    items: list[InputItem]
    next_cursor: str | None


class BatchPage(ResponseModel):
    items: list[BatchAnswer]
    next_cursor: str | None


class ArchiveUrl(ResponseModel):
    url: Link
    expires_at: Timestamp


class Problem(BaseModel):
    """RFC 9457. `error` is one sentence to show; `details` is present if there is a list."""

    type: Link
    title: str
    status: int
    detail: str
    error: str
    details: list[dict[str, Any]] | None = None
