"""Simulated outcomes of rows, in place of the development provider's normal behavior.

Every failure code is an outcome of the same name; some have a shorter alias.
"""

import re
from datetime import datetime

from imagebatch.domain.errors import FailureCode
from imagebatch.structs import Struct

SHORT = {"refused": FailureCode.CONTENT_REFUSED, "timeout": FailureCode.PROVIDER_TIMEOUT}
SECONDS = {"throttled": 20, "slow": 10}
"""Default durations."""
LOST = "lost"
MAX_SECONDS = 3_600
_TIMED = re.compile(r"(throttled|slow)(?::([1-9][0-9]{0,3}))?", re.ASCII)


class Fate(Struct, frozen=True):
    """A failure, or a name in `SECONDS` with its duration, or `LOST`."""

    word: str
    code: FailureCode | None = None
    seconds: int = 0


class Rehearsal(Struct, frozen=True):
    """`attempt` counts the creates of the round, which began at `since`."""

    fate: Fate
    attempt: int
    since: datetime


def fate_words() -> list[str]:
    return [*SHORT, *(f"{word}:SECONDS" for word in SECONDS), LOST, *FailureCode]


def parse_fate(text: str) -> Fate | None:
    """Return None for an unknown outcome."""
    word = text.strip().lower()
    if timed := _TIMED.fullmatch(word):
        seconds = int(timed[2] or SECONDS[timed[1]])
        return Fate(timed[1], seconds=seconds) if seconds <= MAX_SECONDS else None
    if word == LOST:
        return Fate(LOST)
    code = SHORT.get(word, word)
    return Fate(word, FailureCode(code)) if code in [*FailureCode] else None
