"""The chunks and segments of PNG, JPEG and WebP files, without decoding."""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum

from imagebatch.structs import Struct

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
JPEG_SIGNATURE = b"\xff\xd8\xff"
IHDR_BYTES = 13
CHUNK_BYTES = 12
"""The bytes of a PNG chunk besides its body: length, name and CRC."""
FILL_BYTES = b"\xff\xff"
MARKER, SCAN, APP0, APP1, APP2, APP11 = 0xFF, 0xDA, 0xE0, 0xE1, 0xE2, 0xEB
STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
IMAGE_LIMITS = frozenset({0xD8, 0xD9})
FRAMES = frozenset({b"VP8 ", b"VP8L", b"VP8X"})


class UnknownStructureError(ValueError):
    """The file does not have the structure that its format's standard describes."""


class ImageKind(StrEnum):
    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"


class Part(Struct, frozen=True):
    """A chunk or segment from `start` to `end`, including its framing; its content is `first:last`.

    A JPEG part's name is its marker; the last part is everything from the first scan on.
    """

    name: bytes
    start: int
    first: int
    last: int
    end: int

    def text(self, body: bytes) -> bytes:
        return body[self.first : self.last]


def kind_of(body: bytes) -> ImageKind:
    if body.startswith(PNG_SIGNATURE):
        return ImageKind.PNG
    if body.startswith(JPEG_SIGNATURE):
        return ImageKind.JPEG
    if is_webp(body):
        return ImageKind.WEBP
    raise UnknownStructureError("not a PNG, JPEG or WebP file")


def is_webp(body: bytes) -> bool:
    return body.startswith(b"RIFF") and body[8:12] == b"WEBP"


def parts_of(body: bytes) -> tuple[ImageKind, list[Part]]:
    """Data after the end of the image belongs to no part. UnknownStructureError."""
    kind = kind_of(body)
    return kind, list(_READERS[kind](body))


def _png(body: bytes) -> Iterator[Part]:
    at = len(PNG_SIGNATURE)
    name = b""
    while name != b"IEND":
        size = int.from_bytes(body[at : at + 4])
        previous, name = name, body[at + 4 : at + 8]
        end = at + CHUNK_BYTES + size
        if end > len(body) or len(name) < len(b"IEND"):
            raise UnknownStructureError("a chunk goes beyond the end of the file")
        if not previous and (name, size) != (b"IHDR", IHDR_BYTES):
            raise UnknownStructureError("the first chunk is not IHDR")
        yield Part(name, at, at + 8, at + 8 + size, end)
        at = end


def _jpeg(body: bytes) -> Iterator[Part]:
    at = 2
    while True:
        start, at = at, _last_fill_byte(body, at)
        if not _is_segment(body, at):
            raise UnknownStructureError("there is no scan")
        marker = body[at + 1]
        if marker == SCAN:
            yield Part(bytes([marker]), start, at + 2, len(body), len(body))
            return
        end = at + 2 if marker in STANDALONE else _segment_end(body, at)
        yield Part(bytes([marker]), start, min(at + 4, end), end, end)
        at = end


def _is_segment(body: bytes, at: int) -> bool:
    return at + 4 <= len(body) and body[at] == MARKER and body[at + 1] not in IMAGE_LIMITS


def _last_fill_byte(body: bytes, at: int) -> int:
    """A marker may be preceded by any number of fill bytes, which equal its first byte."""
    while body[at : at + 2] == FILL_BYTES:
        at += 1
    return at


def _segment_end(body: bytes, at: int) -> int:
    size = int.from_bytes(body[at + 2 : at + 4])
    end = at + 2 + size
    if size < 2 or end > len(body):
        raise UnknownStructureError("a segment goes beyond the end of the file")
    return end


def _webp(body: bytes) -> Iterator[Part]:
    whole = 8 + int.from_bytes(body[4:8], "little")
    at = 12
    if whole > len(body):
        raise UnknownStructureError("the file is shorter than it says")
    while at < whole:
        size = int.from_bytes(body[at + 4 : at + 8], "little")
        last = at + 8 + size
        if at + 8 > whole or last > whole:
            raise UnknownStructureError("a chunk goes beyond the end of the file")
        if at == len(b"RIFFsizeWEBP") and body[at : at + 4] not in FRAMES:
            raise UnknownStructureError("the first chunk is not of an image")
        end = min(last + size % 2, whole)
        yield Part(body[at : at + 4], at, at + 8, last, end)
        at = end


_READERS: Mapping[ImageKind, Callable[[bytes], Iterator[Part]]] = {
    ImageKind.PNG: _png,
    ImageKind.JPEG: _jpeg,
    ImageKind.WEBP: _webp,
}
