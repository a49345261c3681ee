"""Detects a file's type from its first bytes, ignoring its name and declared type."""

import json
import re
from enum import StrEnum

from imagebatch.formats.image_parts import is_webp

_HEAD = 4096
_PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_JPEG = b"\xff\xd8\xff"
_HTML = re.compile(rb"<(?:!doctype html|html|head|body|table|meta)\b", re.IGNORECASE)
_MAX_JSON_BYTES = 5_000_000


class FileKind(StrEnum):
    XLSX = "an Excel workbook"
    OLD_EXCEL = "an old Excel workbook (.xls), or one that is protected by a password"
    BINARY_EXCEL = "a binary Excel workbook (.xlsb)"
    ODS = "an OpenDocument spreadsheet (.ods)"
    NUMBERS = "a Numbers spreadsheet (.numbers)"
    ZIP = "a ZIP archive"
    GZIP = "a gzip archive"
    PDF = "a PDF"
    HTML = "an HTML page"
    XML = "an XML document"
    JSON = "JSON"
    RTF = "a rich text document"
    IMAGE = "an image"


_BY_START = (
    (b"\xd0\xcf\x11\xe0", FileKind.OLD_EXCEL),
    (b"%PDF-", FileKind.PDF),
    (b"\x1f\x8b\x08", FileKind.GZIP),
    (b"{\\rtf", FileKind.RTF),
    (b"\x89PNG\r\n\x1a\n", FileKind.IMAGE),
    (b"\xff\xd8\xff", FileKind.IMAGE),
    (b"GIF8", FileKind.IMAGE),
    (b"<?xml", FileKind.XML),
)
_BY_MEMBER = (
    (b"xl/workbook.bin", FileKind.BINARY_EXCEL),
    (b"xl/", FileKind.XLSX),
    (b"application/vnd.oasis.opendocument.spreadsheet", FileKind.ODS),
    (b"Index/Document.iwa", FileKind.NUMBERS),
)
_DIRECTORY = 66_000
"""The central directory of most archives lies within this many bytes of the end."""


def image_type(body: bytes) -> str | None:
    """Return the content type of a PNG, JPEG or WebP image; None for anything else."""
    if body.startswith(_PNG):
        return "image/png"
    if body.startswith(_JPEG):
        return "image/jpeg"
    if body.startswith(b"RIFF") and body[8:15] == b"WEBPVP8":
        return "image/webp"
    return None


def kind_of_file(body: bytes) -> FileKind | None:
    """Return None for what may be plain text."""
    start = body[:_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n")
    if body.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _kind_of_zip(body)
    if is_webp(body):
        return FileKind.IMAGE
    if _is_html(start):
        return FileKind.HTML
    kind = next((kind for magic, kind in _BY_START if start.startswith(magic)), None)
    return FileKind.JSON if kind is None and _is_json(body, start) else kind


def _is_html(start: bytes) -> bool:
    """Whether it starts with an HTML tag, or as XHTML."""
    return bool(_HTML.match(start)) or (start.startswith(b"<?xml") and b"<html" in start.lower())


def _kind_of_zip(body: bytes) -> FileKind:
    names = body[:_HEAD] + body[-_DIRECTORY:]
    return next((kind for member, kind in _BY_MEMBER if member in names), FileKind.ZIP)


def _is_json(body: bytes, start: bytes) -> bool:
    if not start.startswith((b"{", b"[")):
        return False
    if len(body) > _MAX_JSON_BYTES:
        return True
    try:
        return isinstance(json.loads(body), dict | list)
    except (ValueError, RecursionError):
        return False
