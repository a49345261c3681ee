"""The generated files."""

import hashlib
import io
import re
from functools import cache
from typing import Any

from PIL import Image

PIXELS = 60_000


def picture(seed: str, values: dict[str, Any]) -> bytes:
    """A PNG with the requested ratio whose colours depend on the seed, so that no two are
    the same.
    """
    ratio = re.fullmatch(r"(\d+):(\d+)", str(values.get("aspect_ratio", "")))
    across, down = map(int, ratio.groups()) if ratio else (1, 1)
    across, down = int(values.get("width", across)), int(values.get("height", down))
    unit = (PIXELS / (across * down)) ** 0.5
    image = _gradient(round(across * unit), round(down * unit)).copy()
    red, green, blue = hashlib.sha256(seed.encode()).digest()[:3]
    image.putpalette([c * n // 255 for n in range(256) for c in (red | 64, green | 64, blue | 64)])
    body = io.BytesIO()
    image.save(body, "PNG", compress_level=1)
    return body.getvalue()


@cache
def _gradient(width: int, height: int) -> Image.Image:
    image = Image.radial_gradient("L").resize((width, height))
    return Image.frombytes("P", image.size, image.tobytes())
