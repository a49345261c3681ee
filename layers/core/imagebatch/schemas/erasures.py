"""Requests and responses of the erase routes."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from imagebatch.domain.erasure import ErasureStatus
from imagebatch.schemas.answer_fields import Link, ResponseModel, Timestamp


class EraseRequest(BaseModel):
    model_config = ConfigDict(extra="ignore", defer_build=True)

    owner: Annotated[
        str, StringConstraints(min_length=1, max_length=1_000, pattern=r"[^\s\x1c-\x1f\x85]")
    ]


class ErasureAccepted(ResponseModel):
    id: str
    status_url: Link


class RemovedData(ResponseModel):
    """`uploads` and `records` count what was left in the table after the batches were deleted."""

    batches: int
    uploads: int
    records: int


class ErasureReceipt(ResponseModel):
    """`kept` is the amount spent in USD, by mode and month; it is kept for accounting."""

    id: str
    owner: str
    status: ErasureStatus
    started_at: Timestamp
    finished_at: Timestamp | None
    removed: RemovedData
    kept: dict[str, str]
