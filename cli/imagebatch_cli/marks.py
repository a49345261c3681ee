"""Detects an image file's AI mark from its chunks or segments."""

import zlib
from collections.abc import Iterator

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
C2PA, XMP, NONE = "c2pa", "xmp", "none"
TRAINED = b"/trainedAlgorithmicMedia"
"""How IPTC's URL for "created by a trained algorithm" ends, in every spelling."""
PNG_XMP, JPEG_XMP = b"XML:com.adobe.xmp\0", b"http://ns.adobe.com/xap/1.0/\0"
MAX_PACKET_BYTES = 256 * 1024
SCAN, APP1, APP11 = 0xDA, 0xE1, 0xEB
WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD8)}


class _BrokenError(ValueError):
    """The file does not have its format's structure."""


def mark_of(body: bytes) -> str:
    """Return `c2pa`, `xmp` or `none`; `none` for a file without its format's structure."""
    try:
        return _best(_marks(body))
    except _BrokenError:
        return NONE


def _marks(body: bytes) -> Iterator[str]:
    if body.startswith(PNG):
        return _png_marks(body)
    if body.startswith(JPEG):
        return _jpeg_marks(body)
    if body.startswith(b"RIFF") and body[8:12] == b"WEBP":
        return _webp_marks(body)
    return iter(())


def _best(marks: Iterator[str]) -> str:
    """Return the manifest's mark, otherwise the one of the first XMP packet."""
    found = list(marks)
    return C2PA if C2PA in found else next(iter(found), NONE)


def _png_marks(body: bytes) -> Iterator[str]:
    for name, text in _png_chunks(body):
        if name == b"caBX":
            yield C2PA
        elif name == b"iTXt" and text.startswith(PNG_XMP):
            yield _said(_unpacked(text[len(PNG_XMP) :]))


def _png_chunks(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    at, name, first = len(PNG), b"", True
    while name != b"IEND":
        size, name = int.from_bytes(body[at : at + 4], "big"), body[at + 4 : at + 8]
        end = at + 12 + size
        if end > len(body) or len(name) < 4 or (first and (name, size) != (b"IHDR", 13)):
            raise _BrokenError
        yield name, body[at + 8 : at + 8 + size]
        at, first = end, False


def _unpacked(fields: bytes) -> bytes:
    """Return the text of an iTXt chunk, without its flags and its two names."""
    parts = fields[2:].split(b"\0", 2)
    if len(parts) < 3:
        raise _BrokenError
    if not fields[0]:
        return parts[2]
    unpacker = zlib.decompressobj()
    try:
        packet = unpacker.decompress(parts[2], MAX_PACKET_BYTES)
    except zlib.error as error:
        raise _BrokenError from error
    if not unpacker.eof:
        raise _BrokenError
    return packet


def _jpeg_marks(body: bytes) -> Iterator[str]:
    for marker, text in _jpeg_segments(body):
        if marker == APP11 and text.startswith(b"JP") and b"jumb" in text and b"c2pa" in text:
            yield C2PA
        elif marker == APP1 and text.startswith(JPEG_XMP):
            yield _said(text)


def _jpeg_segments(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the marker and the content of each segment before the first scan."""
    at = 2
    while True:
        at = _last_fill_byte(body, at)
        if at + 4 > len(body) or body[at] != 0xFF or body[at + 1] in {0xD8, 0xD9}:
            raise _BrokenError
        marker = body[at + 1]
        if marker == SCAN:
            return
        end = at + 2 if marker in WITHOUT_LENGTH else _segment_end(body, at)
        yield marker, body[at + 4 : end]
        at = end


def _last_fill_byte(body: bytes, at: int) -> int:
    """A marker may be preceded by any number of fill bytes, which equal its first byte."""
    while body[at : at + 2] == b"\xff\xff":
        at += 1
    return at


def _segment_end(body: bytes, at: int) -> int:
    size = int.from_bytes(body[at + 2 : at + 4], "big")
    end = at + 2 + size
    if size < 2 or end > len(body):
        raise _BrokenError
    return end


def _webp_marks(body: bytes) -> Iterator[str]:
    for name, text in _webp_chunks(body):
        if name == b"C2PA":
            yield C2PA
        elif name == b"XMP ":
            yield _said(text)


def _webp_chunks(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    at, whole = 12, 8 + int.from_bytes(body[4:8], "little")
    if whole > len(body):
        raise _BrokenError
    while at < whole:
        name, size = body[at : at + 4], int.from_bytes(body[at + 4 : at + 8], "little")
        last = at + 8 + size
        first = at == 12 and name not in {b"VP8 ", b"VP8L", b"VP8X"}
        if at + 8 > whole or last > whole or first:
            raise _BrokenError
        yield name, body[at + 8 : last]
        at = min(last + size % 2, whole)


def _said(packet: bytes) -> str:
    return XMP if TRAINED in packet else NONE
