"""Development mode: placeholders drawn on demand, after a delay like a real provider's.

Nothing is stored between calls: a prediction's ID encodes when it is ready and what it looks like.
"""

import hashlib
import io
import re
import secrets
import unicodedata
from datetime import datetime
from typing import TYPE_CHECKING, override

from imagebatch.adapters.providers.rehearsing import (
    TRIED_AGAIN,
    rehearse_create,
    rehearsed_failure,
)
from imagebatch.domain.errors import Failure, FailureCode, ProviderUnavailableError
from imagebatch.domain.rehearsal import LOST
from imagebatch.ports.clock import Clock
from imagebatch.ports.providers import (
    CreateLookup,
    ImageProvider,
    ImageRequest,
    Prediction,
    PredictionStatus,
)

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont, ImageFont

    type Font = FreeTypeFont | ImageFont

SCHEME = "development:"
NOTICE = "DEVELOPMENT MODE - NOT A GENERATED IMAGE"
PIXELS = 400_000
FASTEST, SLOWEST = 1.0, 3.0
MAX_LINES = 24

_ID = re.compile(r"dev-(\d{1,15})-([0-9a-f]{8})")
_RATIO = re.compile(r"(\d{1,3}):(\d{1,3})")
_INK, _PAPER, _HAZARD = (24, 24, 27), (244, 244, 245), (250, 204, 21)


class DevelopmentProvider(ImageProvider):
    """`latency` is in seconds (0: no delay); without one it is a random 1 to 3 s."""

    def __init__(self, clock: Clock, latency: float | None = None) -> None:
        self._clock = clock
        self._latency = latency

    @override
    def create(self, request: ImageRequest) -> Prediction:
        seed = secrets.token_hex(4)
        seconds = self._wait(seed)
        if request.rehearsal is not None:
            seconds = rehearse_create(request.rehearsal, seconds, self._clock.now())
        ready = self._now() + round(seconds * 1000)
        return self.get(f"dev-{ready}-{seed}", request)

    @override
    def find_created(self, request: ImageRequest, since: datetime) -> CreateLookup:
        """An unknown placeholder does not exist, except for one that is rehearsed as lost."""
        lost = request.rehearsal is not None and request.rehearsal.fate.word == LOST
        return CreateLookup(complete=not lost)

    @override
    def get(self, prediction_id: str, request: ImageRequest) -> Prediction:
        parts = _ID.fullmatch(prediction_id)
        if parts is None:
            return _unknown(prediction_id)
        if self._now() < int(parts[1]):
            return Prediction(prediction_id, PredictionStatus.RUNNING)
        failure = request.rehearsal and rehearsed_failure(request.rehearsal)
        if failure:
            again = failure.code in TRIED_AGAIN
            return Prediction(
                prediction_id, PredictionStatus.FAILED, failure=failure, try_again=again
            )
        return Prediction(
            prediction_id,
            PredictionStatus.SUCCEEDED,
            output=f"{SCHEME}{prediction_id}",
            seconds=self._wait(parts[2]),
        )

    @override
    def cancel(self, prediction_id: str, request: ImageRequest) -> None:
        """Nothing runs, so there is nothing to stop."""

    @override
    def fetch(self, prediction: Prediction, request: ImageRequest) -> bytes:
        parts = _ID.fullmatch((prediction.output or "").removeprefix(SCHEME))
        if parts is None:
            raise ProviderUnavailableError(
                "This is not a development mode placeholder.", code=FailureCode.INVALID_OUTPUT
            )
        if request.rehearsal and request.rehearsal.fate.code is FailureCode.INVALID_OUTPUT:
            return b"no image"
        return draw_placeholder(request, parts[2])

    def _wait(self, seed: str) -> float:
        if self._latency is not None:
            return self._latency
        share = hashlib.sha256(seed.encode()).digest()[0] / 255
        return FASTEST + (SLOWEST - FASTEST) * share

    def _now(self) -> int:
        return round(self._clock.now().timestamp() * 1000)


def draw_placeholder(request: ImageRequest, seed: str) -> bytes:
    """Return a PNG with the requested ratio and the prompt on it; `seed` distinguishes images of
    one prompt.
    """
    from PIL import Image, ImageDraw

    width, height = _size(request.aspect_ratio)
    image = Image.new("P", (width, height), 1)
    image.putpalette([part for colour in (_INK, _PAPER, _HAZARD, _tint(seed)) for part in colour])
    draw = ImageDraw.Draw(image)
    draw.fontmode = "1"
    band = max(16, height // 9)
    _hazard_band(draw, 0, width, band)
    _hazard_band(draw, height - band, width, band)
    draw.rectangle((0, band, width, band + 6), fill=3)
    _write(draw, _lines(request, seed), (width, height), band + 12)
    body = io.BytesIO()
    image.save(body, "PNG", compress_level=6)
    return body.getvalue()


def _size(aspect_ratio: str | None) -> tuple[int, int]:
    """About PIXELS in all, with the requested ratio; an invalid ratio gives a square."""
    found = _RATIO.fullmatch(aspect_ratio or "")
    across, down = (int(found[1]), int(found[2])) if found else (1, 1)
    if not (across and down and 0.1 <= across / down <= 10):
        across, down = 1, 1
    unit = (PIXELS / (across * down)) ** 0.5
    return round(across * unit), round(down * unit)


def _tint(seed: str) -> tuple[int, int, int]:
    red, green, blue = hashlib.sha256(seed.encode()).digest()[:3]
    return red, green, blue


def _hazard_band(draw: "ImageDraw", top: int, width: int, height: int) -> None:
    draw.rectangle((0, top, width, top + height), fill=2)
    for left in range(-height, width, 2 * height):
        bottom = top + height
        draw.polygon(
            [
                (left, bottom),
                (left + height, top),
                (left + 2 * height, top),
                (left + height, bottom),
            ],
            fill=0,
        )


def _lines(request: ImageRequest, seed: str) -> list[tuple[str, float]]:
    """Text and its size relative to the body text's."""
    shape = request.aspect_ratio or "any shape"
    return [
        (NOTICE, 1.15),
        (request.prompt[:2000], 1.0),
        (f"{request.model}  {shape}  no. {seed}", 0.75),
    ]


def _write(
    draw: "ImageDraw", texts: list[tuple[str, float]], size: tuple[int, int], margin: int
) -> None:
    width, height = size
    points = max(11, min(size) // 22)
    top = float(margin)
    for text, scale in texts:
        font = _font(int(points * scale))
        step = points * scale * 1.3
        for line in _wrapped(text, font, width - 24):
            if top + step > height - margin:
                return
            draw.text((12, top), line, fill=0, font=font)
            top += step
        top += points * 0.6


def _font(points: int) -> "Font":
    from PIL import ImageFont

    return ImageFont.load_default(points)


def _wrapped(text: str, font: "Font", width: int) -> list[str]:
    """Wrap words into lines; a word too long for one (or a script without spaces) is cut."""
    lines, line = [], ""
    for word in _drawable(text, font).split():
        longer = f"{line} {word}" if line else word
        if font.getlength(longer) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        *full, line = _cut(word, font, width)
        lines += full
        if len(lines) > MAX_LINES:
            return lines
    return [*lines, line] if line else lines


def _cut(word: str, font: "Font", width: int) -> list[str]:
    parts = [""]
    for character in word:
        if parts[-1] and font.getlength(parts[-1] + character) > width:
            parts.append("")
        parts[-1] += character
    return parts


def _drawable(text: str, font: "Font") -> str:
    """Pillow's font shows a box for missing characters; its bitmap fallback supports only
    Latin-1.
    """
    from PIL import ImageFont

    text = "".join(" " if unicodedata.category(c) in {"Cc", "Cs"} else c for c in text)
    if isinstance(font, ImageFont.FreeTypeFont):
        return text
    return text.encode("latin-1", "replace").decode("latin-1")


def _unknown(prediction_id: str) -> Prediction:
    reason = "Development mode has no such prediction."
    return Prediction(
        prediction_id,
        PredictionStatus.FAILED,
        failure=Failure.of(FailureCode.PROVIDER_UNAVAILABLE, reason),
        try_again=True,
    )
