"""Pillow, with the plugins of the formats that are used."""

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "WEBP")


def open_image(body: bytes, formats: tuple[str, ...] = FORMATS) -> "Image":
    """Open an image of one of the formats; its pixels are not decoded yet.

    Pillow imports the plugins of all its formats, about forty, when it is asked to read or write
    one that is not loaded, as WebP's is at first.
    """
    from PIL import Image, WebPImagePlugin  # noqa: F401 - it registers itself

    return Image.open(io.BytesIO(body), formats=formats)
