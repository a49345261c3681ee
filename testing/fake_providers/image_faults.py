"""The faults of an image file, and the file that each one sends instead."""

import io
import struct
import zlib
from collections.abc import Callable
from functools import cache

from PIL import Image, ImageChops

from testing.fake_providers.responses import Response


def _png(image: Image.Image) -> bytes:
    body = io.BytesIO()
    image.save(body, "PNG")
    return body.getvalue()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(side: int = 50_000) -> bytes:
    """A PNG of a few hundred bytes that declares `side` x `side` pixels."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(100_000))
    chunks = _chunk(b"IHDR", header) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def with_profile_of_no_bytes(body: bytes) -> bytes:
    """A PNG whose colour profile makes Pillow raise IndexError."""
    end = body.rindex(b"IEND") - 4
    return body[:end] + _chunk(b"iCCP", b"x\0") + body[end:]


def _size(body: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(body)).size


def _grainy(width: int, height: int) -> Image.Image:
    """A valid image that does not compress: three megabytes."""
    scale = 1024 / max(width, height)
    size = round(width * scale), round(height * scale)
    return Image.merge("RGB", [Image.effect_noise(size, 100) for _ in range(3)])


@cache
def _detailed(width: int, height: int) -> bytes:
    """Something to see at every scale, as in a photograph: one to two megabytes."""
    scale = 1024 / max(width, height)
    size = round(width * scale), round(height * scale)
    clouds = _clouds(*size)
    shifted = [ImageChops.offset(clouds, size[0] * n // 3, size[1] * n // 3) for n in range(3)]
    return _png(Image.merge("RGB", shifted))


def _clouds(width: int, height: int) -> Image.Image:
    made = Image.new("L", (width, height), 128)
    for parts, strength in ((8, 120), (32, 80), (128, 40), (512, 20)):
        size = max(2, width * parts // 1024), max(2, height * parts // 1024)
        noise = Image.effect_noise(size, strength).resize(made.size, Image.Resampling.BICUBIC)
        made = Image.blend(made, noise, 0.5)
    return made


def _stretched(body: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(body))
    return image.resize((image.width * 2, image.height))


IMAGES: dict[str, Callable[[bytes], Response]] = {
    "truncated_quietly": lambda body: (200, {}, body[: len(body) // 2]),
    "empty": lambda _: (200, {}, b""),
    "blank": lambda body: (200, {}, _png(Image.new("RGB", _size(body), "white"))),
    "black": lambda body: (200, {}, _png(Image.new("RGB", _size(body), "black"))),
    "wrong_aspect": lambda body: (200, {}, _png(_stretched(body))),
    "bomb": lambda _: (200, {}, bomb()),
    "heavy": lambda body: (200, {}, _png(_grainy(*_size(body)))),
    "detailed": lambda body: (200, {}, _detailed(*_size(body))),
    "svg": lambda _: (
        200,
        {"Content-Type": "image/svg+xml"},
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    ),
    "expired": lambda _: (404, {}, b"not found"),
    "304": lambda _: (304, {}, b""),
    "redirect_nowhere": lambda _: (302, {}, b""),
    "redirect_loop": lambda _: (302, {"Location": "#again"}, b""),
    "redirect_away": lambda _: (302, {"Location": "https://elsewhere.example/x.png"}, b""),
    "profile": lambda body: (200, {}, with_profile_of_no_bytes(body)),
    "trailing": lambda body: (200, {}, body + 64 * b"trailing "),
    "truncated": lambda body: (200, {}, body),
    "chunked_cut": lambda body: (200, {}, body),
    "huge": lambda _: (200, {}, b""),
    "huge_chunked": lambda _: (200, {}, b""),
}
"""A wrong file, a `heavy` one, or one as `detailed` as a photograph. `truncated` and `chunked_cut`
end early on the wire; `huge` says it is 500 MB, `huge_chunked` only is."""
