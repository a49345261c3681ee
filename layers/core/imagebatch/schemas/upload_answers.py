"""Response models of uploads."""

from imagebatch.domain.uploads import UploadKind, UploadStatus
from imagebatch.schemas.answer_fields import Link, ResponseModel, Timestamp


class UploadedFile(ResponseModel):
    """`url` is null until the file is ready, `reason` unless it was rejected."""

    id: str
    url: Link | None
    original_name: str
    kind: UploadKind
    status: UploadStatus
    reason: str | None
    created_at: Timestamp


class UploadTarget(ResponseModel):
    """Post the fields, in this order, and then the file as `file` to the URL within 15 minutes."""

    url: Link
    fields: dict[str, str]


class UploadAnswer(ResponseModel):
    file: UploadedFile
    upload: UploadTarget | None


class UploadList(ResponseModel):
    items: list[UploadedFile]
    next_cursor: str | None
