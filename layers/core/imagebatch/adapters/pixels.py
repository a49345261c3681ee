"""Prepares decoded images for drawing thumbnails and pages."""

import struct
from typing import TYPE_CHECKING

from imagebatch.adapters.images import ORIENTATION_TAG

if TYPE_CHECKING:
    from PIL.Image import Image

PROFILE_HEADER_BYTES = 128


def upright(image: "Image") -> "Image":
    """As a viewer shows it; unchanged if its EXIF data cannot be read.

    Pillow's own exif_transpose also rewrites the EXIF data, which fails for some files.
    """
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    try:
        found = image.getexif().get(ORIENTATION_TAG)
    except (OSError, ValueError, SyntaxError, LookupError, TypeError, struct.error):
        return image
    turn = turns.get(found) if isinstance(found, int) else None
    return image if turn is None else image.transpose(turn)


def as_colour(image: "Image") -> "Image":
    """RGB, or RGBA if it has transparency."""
    if image.mode.startswith(("I", "F")):
        image = image.convert("I").point(lambda level: level * (1 / 256)).convert("L")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def rgb_profile(image: "Image") -> bytes:
    """The colour profile, if it is a complete one for RGB."""
    profile = image.info.get("icc_profile")
    if not isinstance(profile, bytes) or len(profile) < PROFILE_HEADER_BYTES:
        return b""
    whole = int.from_bytes(profile[:4]) == len(profile) and profile[36:40] == b"acsp"
    return profile if whole and profile[16:20] == b"RGB " else b""
