"""The processor time that a thumbnail adds to an image of 1.5 MB."""

import io
import statistics
import time
from collections.abc import Callable, Iterator

from PIL import Image

from bench.environment import BenchEnvironment
from bench.report import Figure
from imagebatch.adapters.thumbnails import PillowThumbnailer

SIZES = {"PNG": (1024, 1024), "JPEG": (2048, 1152)}
"""What models return, and the sizes at which such a photograph has about 1.5 MB."""
NOISE = {"PNG": 12, "JPEG": 20}
QUALITY = 97


def measure(environment: BenchEnvironment) -> Iterator[Figure]:
    runs = 2 if environment.tiny else 11
    detail: dict[str, float] = {}
    for kind in SIZES:
        body = photograph(kind)
        draw = PillowThumbnailer().draw
        seconds = [_processor_seconds(draw, body) for _ in range(runs + 1)][1:]
        detail |= {
            f"{kind} ms": 1000 * statistics.median(seconds),
            f"{kind} MB": len(body) / 1e6,
            f"{kind} thumbnail KB": len(draw(body)) / 1e3,
        }
    yield Figure(
        what="thumbnail of an image of 1.5 MB, the slower of PNG and JPEG",
        value=max(detail[f"{kind} ms"] for kind in SIZES),
        goal=60,
        unit="ms",
        detail=detail,
    )


def photograph(kind: str) -> bytes:
    """Smooth areas with the noise of a sensor."""
    smooth = Image.linear_gradient("L").resize(SIZES[kind])
    noise = Image.effect_noise(SIZES[kind], NOISE[kind])
    bands = [Image.blend(smooth.rotate(turn), noise, 0.5) for turn in (0, 90, 180)]
    out = io.BytesIO()
    options = {"quality": QUALITY} if kind == "JPEG" else {}
    Image.merge("RGB", bands).save(out, kind, **options)
    return out.getvalue()


def _processor_seconds(draw: Callable[[bytes], bytes], body: bytes) -> float:
    start = time.process_time()
    draw(body)
    return time.process_time() - start
