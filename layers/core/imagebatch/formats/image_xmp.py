"""Reads and writes XMP packets in PNG, JPEG and WebP files without decoding a pixel.

Location: an iTXt chunk, an APP1 segment, an `XMP ` chunk (XMP specification part 3, and the WebP
container specification).
"""

import zlib
from collections.abc import Callable, Mapping

from imagebatch.formats.image_parts import (
    APP0,
    APP1,
    APP2,
    APP11,
    FRAMES,
    ImageKind,
    Part,
    UnknownStructureError,
    parts_of,
)

PNG_KEYWORD = b"XML:com.adobe.xmp\0"
JPEG_HEAD = b"http://ns.adobe.com/xap/1.0/\0"
EXIF_HEAD = b"Exif\0"
JPEG_SEGMENT_BYTES = 0xFFFF - 2
MAX_PACKET_BYTES = 256 * 1024
XMP_FLAG, ALPHA_FLAG = 0x04, 0x10
EXTENDED_BYTES = 10
LOSSLESS_ALPHA_BIT = 28
SIDE_BITS = 14
MAX_SIDE = (1 << SIDE_BITS) - 1
READ_WHEN_EXTENDED = FRAMES | {b"ALPH", b"ANIM", b"ANMF", b"ICCP", b"EXIF"}
"""Chunks that a reader of a simple file ignores."""
START_CODE = b"\x9d\x01\x2a"


class CannotMarkError(ValueError):
    """The file is left unchanged: it has no place where a packet is certain to be safe."""


def has_c2pa(body: bytes) -> bool:
    """Whether the file carries a C2PA manifest store. UnknownStructureError."""
    kind, parts = parts_of(body)
    return any(_is_c2pa(kind, part, body) for part in parts)


def may_have_c2pa(body: bytes) -> bool:
    """Also detects a manifest in a nonstandard place: a change would break its signature."""
    return b"jumb" in body and b"c2pa" in body


def read_xmp(body: bytes) -> bytes | None:
    """Return the XMP packet. UnknownStructureError, also if it cannot be unpacked."""
    kind, parts = parts_of(body)
    for part in parts:
        if _is_xmp(kind, part, body):
            return _packet(kind, part, body)
    return None


def write_xmp(body: bytes, packet: bytes) -> bytes:
    """Return the file with this packet in place of an existing one; every other byte is kept.

    CannotMarkError, UnknownStructureError.
    """
    kind, parts = parts_of(body)
    found = [part for part in parts if _is_xmp(kind, part, body)]
    if len(found) > 1:
        raise CannotMarkError("it has more than one XMP packet")
    if len(packet) > MAX_PACKET_BYTES:
        raise CannotMarkError("the XMP packet would be too large")
    return _WRITERS[kind](body, parts, found[0] if found else None, packet)


def _is_c2pa(kind: ImageKind, part: Part, body: bytes) -> bool:
    if kind is ImageKind.JPEG:
        text = part.text(body) if part.name[0] == APP11 else b""
        return text.startswith(b"JP") and b"jumb" in text and b"c2pa" in text
    return part.name == (b"caBX" if kind is ImageKind.PNG else b"C2PA")


def _is_xmp(kind: ImageKind, part: Part, body: bytes) -> bool:
    match kind:
        case ImageKind.PNG:
            return part.name == b"iTXt" and part.text(body).startswith(PNG_KEYWORD)
        case ImageKind.JPEG:
            return part.name[0] == APP1 and part.text(body).startswith(JPEG_HEAD)
        case ImageKind.WEBP:
            return part.name == b"XMP "


def _packet(kind: ImageKind, part: Part, body: bytes) -> bytes:
    text = part.text(body)
    if kind is ImageKind.WEBP:
        return text
    if kind is ImageKind.JPEG:
        return text.removeprefix(JPEG_HEAD)
    return _packet_of_itxt(text.removeprefix(PNG_KEYWORD))


def _packet_of_itxt(fields: bytes) -> bytes:
    """Return the text behind the compression's flag and method, the language and the keyword."""
    if len(fields) < len(b"cm\0\0") or fields[2:].count(b"\0") < 2:
        raise UnknownStructureError("the XMP packet's chunk is cut")
    packet = fields[2:].split(b"\0", 2)[2]
    return _unpacked(packet) if fields[0] else packet


def _unpacked(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        packet = unpacker.decompress(packed, MAX_PACKET_BYTES)
    except zlib.error as error:
        raise UnknownStructureError("the XMP packet cannot be unpacked") from error
    if not unpacker.eof:
        raise UnknownStructureError("the XMP packet is cut or too large")
    return packet


def _into_png(body: bytes, parts: list[Part], old: Part | None, packet: bytes) -> bytes:
    named = b"iTXt" + PNG_KEYWORD + b"\0\0\0\0" + packet
    chunk = (len(named) - 4).to_bytes(4) + named + zlib.crc32(named).to_bytes(4)
    start, end = (old.start, old.end) if old else (parts[0].end, parts[0].end)
    return body[:start] + chunk + body[end:]


def _into_jpeg(body: bytes, parts: list[Part], old: Part | None, packet: bytes) -> bytes:
    text = JPEG_HEAD + packet
    if len(text) > JPEG_SEGMENT_BYTES:
        raise CannotMarkError("the XMP packet does not fit into a segment")
    segment = bytes([0xFF, APP1]) + (len(text) + 2).to_bytes(2) + text
    if old and _is_behind_offsets(body, parts, old):
        raise CannotMarkError("its further images are found by offsets that would change")
    start, end = (old.start, old.end) if old else (_behind_heads(body, parts),) * 2
    return body[:start] + segment + body[end:]


def _behind_heads(body: bytes, parts: list[Part]) -> int:
    """The place where readers expect the packet: after the leading JFIF and EXIF segments."""
    at = 2
    for part in parts:
        text = part.text(body)
        heads = part.name[0] == APP0 or (part.name[0] == APP1 and text.startswith(EXIF_HEAD))
        if not heads:
            break
        at = part.end
    return at


def _is_behind_offsets(body: bytes, parts: list[Part], old: Part) -> bool:
    before = parts[: parts.index(old)]
    return any(p.name[0] == APP2 and p.text(body).startswith(b"MPF\0") for p in before)


def _into_webp(body: bytes, parts: list[Part], old: Part | None, packet: bytes) -> bytes:
    head = parts[0]
    is_extended = head.name == b"VP8X"
    _check_extensible(parts, is_extended=is_extended)
    if is_extended:
        pieces = [_with_xmp_flag(body[head.start : head.end])]
    else:
        pieces = [_chunk(b"VP8X", _canvas(head, body)), _piece(body, head)]
    pieces += [_piece(body, part) for part in parts[1:] if part is not old]
    at = parts.index(old) + (not is_extended) if old else len(pieces)
    pieces.insert(at, _chunk(b"XMP ", packet))
    inside = b"WEBP" + b"".join(pieces)
    rest = body[8 + int.from_bytes(body[4:8], "little") :]
    return b"RIFF" + len(inside).to_bytes(4, "little") + inside + rest


def _check_extensible(parts: list[Part], *, is_extended: bool) -> None:
    head = parts[0]
    unexpected = {b"VP8X"} if is_extended else READ_WHEN_EXTENDED
    cut = is_extended and head.last - head.first < EXTENDED_BYTES
    if cut or any(part.name in unexpected for part in parts[1:]):
        raise CannotMarkError("its chunks would be read in another way")


def _with_xmp_flag(header: bytes) -> bytes:
    extended = bytearray(header)
    extended[8] |= XMP_FLAG
    return bytes(extended)


def _piece(body: bytes, part: Part) -> bytes:
    """Return the chunk unchanged, with the padding that some writers omit."""
    text = body[part.start : part.end]
    return text + b"\0" * (len(text) % 2)


def _chunk(name: bytes, text: bytes) -> bytes:
    return name + len(text).to_bytes(4, "little") + text + b"\0" * (len(text) % 2)


def _canvas(head: Part, body: bytes) -> bytes:
    """Return a VP8X header, with flags and size, for a file without one."""
    text, alpha = head.text(body), 0
    if head.name == b"VP8L" and text[:1] == b"\x2f":
        width, height, alpha = _lossless_frame(text)
    elif head.name == b"VP8 " and text[3:6] == START_CODE:
        width, height = _lossy_frame(text)
    else:
        raise CannotMarkError("its frame has no size")
    if min(width, height) < 0:
        raise CannotMarkError("its frame has no size")
    head_bytes = bytes([XMP_FLAG | alpha, 0, 0, 0])
    return head_bytes + width.to_bytes(3, "little") + height.to_bytes(3, "little")


def _lossless_frame(text: bytes) -> tuple[int, int, int]:
    """Return the width and height, each less one, and the flag of an alpha channel."""
    bits = int.from_bytes(text[1:5], "little")
    alpha = ALPHA_FLAG if bits >> LOSSLESS_ALPHA_BIT & 1 else 0
    return bits & MAX_SIDE, bits >> SIDE_BITS & MAX_SIDE, alpha


def _lossy_frame(text: bytes) -> tuple[int, int]:
    """Return the width and height, each less one."""
    width, height = (int.from_bytes(text[at : at + 2], "little") & MAX_SIDE for at in (6, 8))
    return width - 1, height - 1


_WRITERS: Mapping[ImageKind, Callable[[bytes, list[Part], Part | None, bytes], bytes]] = {
    ImageKind.PNG: _into_png,
    ImageKind.JPEG: _into_jpeg,
    ImageKind.WEBP: _into_webp,
}
