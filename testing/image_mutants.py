"""Small images of every format, and mutants of them: the worst that a provider could return."""

import io
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

from PIL import Image, ImageCms

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
DEPTHS, COLOUR_TYPES = (1, 2, 4, 8, 16, 3, 0), (0, 2, 3, 4, 6, 1)
KINDS = ("PNG", "JPEG", "WEBP")

XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF'
    b' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
    b' xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="image/webp"/></rdf:RDF></x:xmpmeta>'
)

type Part = tuple[bytes, bytes]
"""A chunk's or segment's name and body; the last part of a JPEG is everything from its scan on."""


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    body = io.BytesIO()
    image.save(body, kind, **options)
    return body.getvalue()


def bases() -> list[bytes]:
    """Each with a colour profile, EXIF and XMP data if its format supports them."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "maker", 6
    extras: dict[str, Any] = {"icc_profile": profile, "exif": exif.tobytes()}
    grey = Image.radial_gradient("L").resize((24, 18))
    made = [saved(grey.convert(mode), "PNG", **extras) for mode in ("L", "LA", "P", "RGB", "RGBA")]
    made.append(saved(grey.convert("I").point(lambda v: v * 257).convert("I;16"), "PNG"))
    made += [saved(grey.convert(mode), "JPEG", **extras) for mode in ("L", "RGB", "CMYK")]
    made.append(saved(grey.convert("RGB"), "JPEG", progressive=True, comment=b"a comment"))
    made.append(saved(grey.convert("RGB"), "WEBP"))
    made.append(saved(grey.convert("RGB"), "WEBP", lossless=True))
    made += [
        saved(grey.convert(mode), "WEBP", lossless=lossless, **extras, xmp=XMP)
        for mode in ("RGB", "RGBA")
        for lossless in (True, False)
    ]
    return made


def mutants(count: int, seed: int) -> Iterator[bytes]:
    random = Random(seed)  # noqa: S311 - nothing secret
    known = bases()
    for _ in range(count):
        body = random.choice(known)
        for _ in range(random.randint(1, 3)):
            body = random.choice(MUTATIONS)(body, random)
        yield body


def flip_bits(body: bytes, random: Random) -> bytes:
    changed = bytearray(body)
    for _ in range(random.randint(1, 4)):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def append_bytes(body: bytes, random: Random) -> bytes:
    return body + random.choice([b"\0", b"more", b"IEND", body[:60], random.randbytes(40)])


def cut_end(body: bytes, random: Random) -> bytes:
    return body[: len(body) - random.randint(1, 20)]


def flip_part(body: bytes, random: Random) -> bytes:
    """Change bytes of one part and fix its checksum, so that decoders process them."""
    return _with_part(body, random, lambda text: flip_bits(text, random) if text else text)


def cut_part(body: bytes, random: Random) -> bytes:
    return _with_part(body, random, lambda text: text[: random.randrange(len(text) + 1)])


def repeat_part(body: bytes, random: Random) -> bytes:
    parts = split(body)
    parts.insert(random.randrange(len(parts)), random.choice(parts[:-1] or parts))
    return join(body, parts)


def remove_part(body: bytes, random: Random) -> bytes:
    parts = split(body)
    if len(parts) > 1:
        parts.pop(random.randrange(len(parts) - 1))
    return join(body, parts)


def change_depth(body: bytes, random: Random) -> bytes:
    """Change bit depth, colour type or interlacing in a PNG's header."""
    if not body.startswith(PNG_SIGNATURE):
        return flip_part(body, random)
    parts = split(body)
    name, head = parts[0]
    if len(head) != 13:
        return body
    at, values = random.choice([(8, DEPTHS), (9, COLOUR_TYPES), (12, (0, 1, 2))])
    parts[0] = (name, head[:at] + bytes([random.choice(values)]) + head[at + 1 :])
    return join(body, parts)


MUTATIONS: Sequence[Callable[[bytes, Random], bytes]] = (
    flip_bits, append_bytes, cut_end, flip_part, cut_part, repeat_part, remove_part, change_depth,
)  # fmt: skip


def _with_part(body: bytes, random: Random, change: Callable[[bytes], bytes]) -> bytes:
    parts = split(body)
    if not parts:
        return body
    at = random.randrange(len(parts))
    parts[at] = (parts[at][0], change(parts[at][1]))
    return join(body, parts)


def split(body: bytes) -> list[Part]:
    if body.startswith(PNG_SIGNATURE):
        return list(_png_parts(body))
    if body.startswith(b"\xff\xd8"):
        return list(_jpeg_parts(body))
    return list(_webp_parts(body))


def join(like: bytes, parts: Sequence[Part]) -> bytes:
    if like.startswith(PNG_SIGNATURE):
        return PNG_SIGNATURE + b"".join(map(_png_chunk, parts))
    if like.startswith(b"\xff\xd8"):
        return b"\xff\xd8" + b"".join(map(_jpeg_segment, parts))
    inner = b"WEBP" + b"".join(map(_webp_chunk, parts))
    return b"RIFF" + struct.pack("<I", len(inner)) + inner


def _png_parts(body: bytes) -> Iterator[Part]:
    at = len(PNG_SIGNATURE)
    while at + 12 <= len(body):
        size = int.from_bytes(body[at : at + 4])
        yield body[at + 4 : at + 8], body[at + 8 : at + 8 + size]
        at += 12 + size


def _png_chunk(part: Part) -> bytes:
    name, text = part
    return len(text).to_bytes(4) + name + text + zlib.crc32(name + text).to_bytes(4)


def _jpeg_parts(body: bytes) -> Iterator[Part]:
    at = 2
    while at + 4 <= len(body) and body[at] == 0xFF and body[at + 1] != 0xDA:
        size = int.from_bytes(body[at + 2 : at + 4])
        yield body[at : at + 2], body[at + 4 : at + 2 + size]
        at += 2 + max(2, size)
    yield b"", body[at:]


def _jpeg_segment(part: Part) -> bytes:
    name, text = part
    return name + (len(text) + 2).to_bytes(2) + text if name else text


def _webp_parts(body: bytes) -> Iterator[Part]:
    at = 12
    while at + 8 <= len(body):
        size = int.from_bytes(body[at + 4 : at + 8], "little")
        yield body[at : at + 4], body[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _webp_chunk(part: Part) -> bytes:
    name, text = part
    return name + struct.pack("<I", len(text)) + text + b"\0" * (len(text) % 2)
