"""Validates an image from a provider before it is stored."""

import re
import warnings
from typing import TYPE_CHECKING, override

from imagebatch.adapters.pillow import open_image
from imagebatch.ports.images import BadImageError, ImageValidator, Inspected, UnfitImageError

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_BYTES = 50 * 1024 * 1024
MAX_PIXELS = 40_000_000
"""Decoded, 160 MB; twice the largest image that any registered model generates."""
RATIO_TOLERANCE = 0.08
"""Models have their own sizes: for Imagen, 1280 x 896 is 4:3 (7 % off) and 1408 x 768 is 16:9."""
FLAT_SPREAD = 6
BLACK_LEVEL = 12
INVISIBLE_ALPHA = 8

_TYPES = {
    "PNG": ("image/png", "png"),
    "JPEG": ("image/jpeg", "jpg"),
    "WEBP": ("image/webp", "webp"),
}
_PNG_END = b"IEND\xaeB`\x82"
_JPEG_SCAN, _JPEG_END = b"\xff\xda", b"\xff\xd9"
ORIENTATION_TAG = 0x0112
TURNED_BY_A_QUARTER = frozenset({5, 6, 7, 8})
"""EXIF orientations in which a viewer shows the stored rows as columns."""
_RATIO = re.compile(r"(\d{1,4}):(\d{1,4})")


class PillowValidator(ImageValidator):
    """PNG, JPEG and WebP as detected from their bytes; complete, decodable, not blank, with the
    requested ratio.
    """

    @override
    def validate(self, body: bytes, aspect_ratio: str | None) -> Inspected:
        kind = _kind(body)
        _check_whole(kind, body)
        width, height = _decode(kind, body)
        _check_shape(width, height, aspect_ratio)
        content_type, extension = _TYPES[kind]
        return Inspected(content_type, extension, width, height)


def _kind(body: bytes) -> str:
    if not body:
        raise BadImageError("The provider returned an empty file.")
    if len(body) > MAX_BYTES:
        raise BadImageError("The image is larger than 50 MB.")
    if body.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if body.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if body.startswith(b"RIFF") and body[8:12] == b"WEBP":
        return "WEBP"
    raise BadImageError("The provider returned a file that is not a PNG, JPEG or WebP image.")


def _check_whole(kind: str, body: bytes) -> None:
    """Decoders tolerate a truncated end; the archive's readers may not."""
    whole = {
        "PNG": lambda: _PNG_END in body,
        "JPEG": lambda: body.rfind(_JPEG_END) > body.rfind(_JPEG_SCAN) > 0,
        "WEBP": lambda: len(body) >= 8 + int.from_bytes(body[4:8], "little"),
    }
    if not whole[kind]():
        raise BadImageError("The image is truncated.")


def _decode(kind: str, body: bytes) -> tuple[int, int]:
    """Return width and height as viewers show them, after decoding every pixel."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with open_image(body, (kind,)) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise BadImageError("The image has too many pixels.")
                image.load()
                _check_not_blank(image)
                turned = image.getexif().get(ORIENTATION_TAG) in TURNED_BY_A_QUARTER
                return (image.height, image.width) if turned else (image.width, image.height)
    except Image.DecompressionBombError:
        raise BadImageError("The image has too many pixels.") from None
    except BadImageError:
        raise
    except Exception as error:  # Pillow's decoders raise anything at a hostile picture
        raise BadImageError("The image is damaged and cannot be decoded.") from error


def _check_not_blank(image: "Image") -> None:
    """Uses a small copy, so that noise of single pixels is ignored."""
    from PIL import Image

    if image.mode.startswith(("I", "F")):
        return
    direct = image.mode in {"L", "RGB", "RGBA"} and "transparency" not in image.info
    small = (image if direct else image.convert("RGBA")).resize((64, 64), Image.Resampling.BOX)
    *colours, opacity = (_range(band) for band in small.convert("RGBA").split())
    _judge(colours, opacity)


def _range(band: "Image") -> tuple[int, int]:
    levels = [level for level, count in enumerate(band.histogram()) if count]
    return levels[0], levels[-1]


def _judge(colours: list[tuple[int, int]], opacity: tuple[int, int]) -> None:
    if opacity[1] <= INVISIBLE_ALPHA:
        raise BadImageError("The image is blank: it is transparent.")
    if max(high for _, high in colours) <= BLACK_LEVEL:
        raise BadImageError("The image is blank: it is black.")
    if all(high - low <= FLAT_SPREAD for low, high in (*colours, opacity)):
        raise BadImageError("The image is blank: it is one colour.")


def _check_shape(width: int, height: int, aspect_ratio: str | None) -> None:
    asked = _RATIO.fullmatch(aspect_ratio or "")
    if not asked or not int(asked[1]) * int(asked[2]):
        return
    wanted = int(asked[1]) / int(asked[2])
    if abs(width / height / wanted - 1) > RATIO_TOLERANCE:
        raise UnfitImageError(
            f"The image is {width} x {height}, which is not the aspect ratio {aspect_ratio}: "
            "choose another ratio or another model."
        )
