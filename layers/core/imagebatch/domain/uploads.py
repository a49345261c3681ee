"""A file that an owner has uploaded: a sheet, or a product's image."""

from datetime import datetime, timedelta
from enum import StrEnum

from imagebatch.structs import Struct

UNSETTLED_TTL = timedelta(days=2)
"""How long an upload that never arrived, or was rejected, is kept: longer than any Idempotency-Key
that may refer to it.
"""


class UploadKind(StrEnum):
    PRODUCT = "product"
    CSV = "csv"


class UploadStatus(StrEnum):
    CHECKING = "checking"
    READY = "ready"
    REJECTED = "rejected"


class Upload(Struct, frozen=True, kw_only=True):
    """`content_type` and `size` are as declared while it is validated, as detected once it is
    ready.
    """

    id: str
    owner: str
    kind: UploadKind
    original_name: str
    content_type: str
    size: int
    created_at: datetime
    status: UploadStatus = UploadStatus.CHECKING
    reason: str | None = None

    @property
    def ready(self) -> bool:
        return self.status is UploadStatus.READY

    @property
    def kept_until(self) -> datetime | None:
        """None means permanently: ready uploads are kept."""
        return None if self.ready else self.created_at + UNSETTLED_TTL
