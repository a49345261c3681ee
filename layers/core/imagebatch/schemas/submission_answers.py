"""Response models of a submission and of its dry run."""

from typing import Annotated, Any, Literal

from pydantic import Field

from imagebatch.domain.errors import FailureCode
from imagebatch.domain.model_registry import Mode
from imagebatch.schemas.answer_fields import Link, Money, ResponseModel
from imagebatch.schemas.answers import NoticeAnswer


class CarBatchAccepted(ResponseModel):
    batch_id: Annotated[str, Field(alias="jobId")]
    total: int
    status: Literal["queued"]
    mode: Mode
    model: str
    estimated_cost: Money
    warnings: list[str]
    notices: list[NoticeAnswer]
    status_url: Link


class CellProblem(ResponseModel):
    """`column` is the column's canonical name; `prompt` means the prompt built from the row."""

    column: str
    value: str
    message: str
    suggestion: str | None


class PreviewItem(ResponseModel):
    row: int | None
    custom_id: str
    prompt: str
    file: str | None
    input: dict[str, Any]
    price: Money
    code: FailureCode | None = None
    reason: str | None = None
    cells: list[str] = Field(default_factory=list)
    """The row as submitted; empty if there is no sheet."""
    problems: list[CellProblem] = Field(default_factory=list)
    """Why the row is skipped, cell by cell."""


class Preview(ResponseModel):
    """`quoteId` is valid for 15 minutes, for this content at this price."""

    dry_run: Literal[True]
    total: int
    estimated_cost: Money
    quote_id: str
    mode: Mode
    model: str
    warnings: list[str]
    notices: list[NoticeAnswer]
    columns: list[str] = Field(default_factory=list)
    read_as: list[str | None] = Field(default_factory=list)
    """What each of `columns` is read as; null is not read."""
    delimiter: str | None = None
    items: list[PreviewItem]
    next_cursor: str | None = None


class PromptBatchAccepted(ResponseModel):
    batch_id: str
    status: Literal["queued"]
    total_items: int
    mode: Mode
    model: str
    estimated_cost: Money
    warnings: list[str]
    notices: list[NoticeAnswer]
    status_url: Link
