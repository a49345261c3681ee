import struct
import zlib
from datetime import UTC, datetime

import pytest

from imagebatch.api.errors import status_of
from imagebatch.domain.errors import InvalidRequestError
from imagebatch.domain.uploads import Upload, UploadKind, UploadStatus
from imagebatch.formats.file_kind import image_type
from imagebatch.intake.uploads import (
    MAX_UPLOAD_BYTES,
    check_body,
    clean_name,
    detect_content_type,
    unusable_reason,
    validate_body,
    validate_declared_type,
)

PRODUCT, CSV = UploadKind.PRODUCT, UploadKind.CSV
START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


PNG = (
    b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    + chunk(b"IDAT", zlib.compress(b"\x00\x80"))
    + chunk(b"IEND", b"")
)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + b"\xff\xda" + b"scan" + b"\xff\xd9"
WEBP = b"RIFF" + (12).to_bytes(4, "little") + b"WEBPVP8L" + b"\x00" * 4
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (PNG, "image/png"),
        (JPEG, "image/jpeg"),
        (WEBP, "image/webp"),
        (SVG, None),
        (HTML, None),
        (b"", None),
        (b"GIF89a", None),
        (b"%PDF-1.7", None),
        (b"\x89PNG\r\n\x1a\n" + HTML, None),
        (b"RIFF\x00\x00\x00\x00WAVE", None),
    ],
)
def test_an_image_is_told_by_its_bytes(body: bytes, found: str | None) -> None:
    assert image_type(body) == found


@pytest.mark.parametrize("body", [SVG, HTML, b"GIF89a", PNG[:-4], JPEG[:-2], WEBP[:-1], b""])
def test_what_is_not_a_whole_image_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        detect_content_type(PRODUCT, body)
    assert status_of(refused.value) == 415


@pytest.mark.parametrize(
    "body", [b"make\nVW\n", "make\nVW\n".encode("utf-16"), b"make\nCitro\xebn"]
)
def test_readable_sheet_in_any_encoding_is_csv(body: bytes) -> None:
    assert detect_content_type(CSV, body) == "text/csv"


@pytest.mark.parametrize(
    "body", [PNG, b"PK\x03\x04sheet.xml", b"make\x00model", b"\xd0\xcf\x11\xe0"]
)
def test_what_is_no_text_is_no_csv(body: bytes) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        detect_content_type(CSV, body)
    assert status_of(refused.value) == 415
    assert "not CSV" in refused.value.detail


def an_upload(**fields: object) -> Upload:
    return Upload(
        **{
            "id": "u1", "owner": "ann", "kind": PRODUCT, "original_name": "a.jpg",
            "content_type": "image/jpeg", "size": 99, "created_at": START, **fields,
        }  # type: ignore[arg-type]
    )  # fmt: skip


def test_a_png_named_jpg_is_a_png() -> None:
    found = validate_body(an_upload(), PNG)
    assert (found.status, found.content_type, found.size) == ("ready", "image/png", len(PNG))
    assert found.kept_until is None


def test_an_svg_named_png_is_rejected_and_says_why() -> None:
    found = validate_body(an_upload(original_name="a.png"), SVG)
    assert found.status is UploadStatus.REJECTED
    assert found.reason == "The file is not a PNG, JPEG or WebP image."
    assert found.kept_until is not None


@pytest.mark.parametrize(
    ("upload", "words"),
    [
        (None, "is not one of your product uploads"),
        (an_upload(kind=CSV, status=UploadStatus.READY), "is not one of your product uploads"),
        (an_upload(), "is still being validated"),
        (an_upload(status=UploadStatus.REJECTED, reason="It is a PDF."), "was rejected: It is a"),
    ],
)
def test_only_ready_uploads_of_the_kind_are_usable(upload: Upload | None, words: str) -> None:
    assert words in str(unusable_reason(upload, PRODUCT))


def test_a_ready_upload_can_be_used() -> None:
    assert unusable_reason(an_upload(status=UploadStatus.READY), PRODUCT) is None


@pytest.mark.parametrize(
    ("kind", "content_type", "size", "status"),
    [
        (PRODUCT, "image/svg+xml", 10, 415),
        (PRODUCT, "text/csv", 10, 415),
        (CSV, "image/png", 10, 415),
        (PRODUCT, "image/png", MAX_UPLOAD_BYTES + 1, 413),
        (CSV, "text/csv", MAX_UPLOAD_BYTES + 1, 413),
    ],
)
def test_a_claim_is_refused_before_anything_is_sent(
    kind: UploadKind, content_type: str, size: int, status: int
) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        validate_declared_type(kind, content_type, size)
    assert status_of(refused.value) == status


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [(PRODUCT, "IMAGE/PNG"), (CSV, "text/csv; charset=utf-8"), (CSV, "application/vnd.ms-excel")],
)
def test_a_claim_of_the_kind_is_taken(kind: UploadKind, content_type: str) -> None:
    assert (
        validate_declared_type(kind, content_type, MAX_UPLOAD_BYTES)
        == content_type.lower().partition(";")[0]
    )


def test_a_file_that_a_request_cannot_carry_is_refused() -> None:
    for body, status in [(b"", 400), (b"x" * (4 * 1024 * 1024 + 1), 413)]:
        with pytest.raises(InvalidRequestError) as refused:
            check_body(body)
        assert status_of(refused.value) == status
    check_body(b"x" * (4 * 1024 * 1024))


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("Stuhl blau.png", "Stuhl blau.png"),
        (r"C:\Users\Ann\chair.png", "chair.png"),
        ("../../etc/passwd", "passwd"),
        ("a\r\nb\x00.png", "ab.png"),
        ("\ud800.png", ".png"),
        ("", "file"),
        ("x" * 300, "x" * 255),
    ],
)
def test_a_name_is_kept_for_people_and_nothing_else(name: str, kept: str) -> None:
    assert clean_name(name) == kept
