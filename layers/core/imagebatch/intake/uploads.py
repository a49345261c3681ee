"""Validates uploaded files by their bytes."""

import re
import unicodedata

from imagebatch.domain.errors import InvalidRequestError, TooLargeError, UnsupportedTypeError
from imagebatch.domain.uploads import Upload, UploadKind, UploadStatus
from imagebatch.formats.file_kind import FileKind, image_type, kind_of_file
from imagebatch.formats.xlsx import WorkbookError, read_xlsx
from imagebatch.intake.decoding import ControlCharacterError, decode_sheet
from imagebatch.intake.sheet_refusals import instead_of
from imagebatch.structs import replace

MAX_INLINE_BYTES = 4 * 1024 * 1024
"""Within a request; the gateway's limit."""
MAX_UPLOAD_BYTES = 20 * 1024 * 1024
"""Posted to the bucket."""
MAX_NAME_LENGTH = 255
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
IMAGE_TYPES = ("image/png", "image/jpeg", "image/webp", "image/jpg", "application/octet-stream")
CSV_TYPES = (
    "text/csv",
    "text/comma-separated-values",
    "text/x-csv",
    "text/plain",
    "text/tab-separated-values",
    "application/csv",
    "application/octet-stream",
    "application/vnd.ms-excel",
    XLSX_TYPE,
)
"""Content types that browsers and systems use for sheets; Windows uses Excel's own for a .csv."""
UNKNOWN_TYPE = "application/octet-stream"
"""Used if no type is declared."""
NOT_AN_IMAGE = "The file is not a PNG, JPEG or WebP image."
_PNG_END = b"IEND\xaeB`\x82"
_JPEG_SCAN, _JPEG_END = b"\xff\xda", b"\xff\xd9"
_PATH = re.compile(r"[/\\]")


TYPES_OF_KIND = {UploadKind.PRODUCT: IMAGE_TYPES, UploadKind.CSV: CSV_TYPES}


def unusable_reason(upload: Upload | None, kind: UploadKind) -> str | None:
    """Return why it cannot be used as this kind, to complete "the upload ..."."""
    if upload is None or upload.kind is not kind:
        return f"is not one of your {kind} uploads"
    if upload.status is UploadStatus.CHECKING:
        return "is still being validated; try again in a moment"
    return None if upload.ready else f"was rejected: {upload.reason}"


def validate_body(upload: Upload, body: bytes) -> Upload:
    """Return the upload after validating its bytes: ready, or rejected with the reason."""
    try:
        content_type = detect_content_type(upload.kind, body)
    except InvalidRequestError as error:
        return replace(upload, status=UploadStatus.REJECTED, reason=error.detail, size=len(body))
    return replace(upload, status=UploadStatus.READY, content_type=content_type, size=len(body))


def detect_content_type(kind: UploadKind, body: bytes) -> str:
    """The content type the bytes have; UnsupportedTypeError when they are not of the kind."""
    if kind is UploadKind.CSV:
        return _sheet_type(body)
    found = image_type(body)
    if found is None:
        raise _unsupported(NOT_AN_IMAGE)
    if not _whole(found, body):
        raise _unsupported("The image is truncated.")
    return found


def validate_declared_type(kind: UploadKind, content_type: str, size: int) -> str:
    """The content type to hold a direct upload to; TooLargeError or UnsupportedTypeError."""
    claimed = content_type.partition(";")[0].strip().lower() or UNKNOWN_TYPE
    if claimed not in TYPES_OF_KIND[kind]:
        known = ", ".join(TYPES_OF_KIND[kind])
        raise _unsupported(f"The content type of a {kind} upload must be one of {known}.")
    if size > MAX_UPLOAD_BYTES:
        raise too_large("An upload has at most 20 MB (20,971,520 bytes).")
    return claimed


def check_body(body: bytes) -> None:
    """InvalidRequestError for a file that a request may not contain."""
    if not body:
        raise InvalidRequestError("file-required", "File is required")
    if len(body) > MAX_INLINE_BYTES:
        raise body_too_large()


def body_too_large() -> InvalidRequestError:
    return too_large(
        "For a file over 4 MiB, send JSON {kind, filename, contentType, size} and post the file to "
        "the returned URL."
    )


def too_large(detail: str) -> InvalidRequestError:
    return TooLargeError("too-large", "File is too large", detail=detail)


def clean_name(name: str) -> str:
    """Return the file's own name for display, without folders."""
    last = _PATH.split(name)[-1]
    printable = "".join(c for c in last if unicodedata.category(c) not in {"Cc", "Cs", "Zl", "Zp"})
    return printable.strip()[:MAX_NAME_LENGTH] or "file"


def _whole(content_type: str, body: bytes) -> bool:
    if content_type == "image/png":
        return _PNG_END in body
    if content_type == "image/jpeg":
        return body.rfind(_JPEG_END) > body.rfind(_JPEG_SCAN) > 0
    return len(body) >= 8 + int.from_bytes(body[4:8], "little")


def _sheet_type(body: bytes) -> str:
    """For a CSV or a workbook. An ambiguous encoding is not an error here: it is set with the
    batch.
    """
    if image := image_type(body):
        raise _unsupported(f"The file is not CSV; it is {image}.")
    kind = kind_of_file(body)
    if kind is FileKind.XLSX:
        _check_workbook(body)
        return XLSX_TYPE
    if kind is not None:
        raise _unsupported(f"The file is not CSV or .xlsx; it is {kind.value}. {instead_of(kind)}")
    try:
        decode_sheet(body)
    except ControlCharacterError as error:
        raise _unsupported(f"The file is not CSV: {error.message}.") from None
    except InvalidRequestError:
        pass
    return "text/csv"


def _check_workbook(body: bytes) -> None:
    try:
        read_xlsx(body)
    except WorkbookError as error:
        raise _unsupported(f"The workbook {error}.") from None


def _unsupported(detail: str) -> InvalidRequestError:
    return UnsupportedTypeError("unsupported-file", "Unsupported file type", detail=detail)
