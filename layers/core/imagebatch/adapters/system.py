"""This machine's clock and randomness."""

import time
from datetime import UTC, datetime
from random import SystemRandom
from uuid import uuid4

from imagebatch.ports.clock import Clock
from imagebatch.ports.randomness import Randomness


class SystemClock(Clock):
    def now(self) -> datetime:
        now = datetime.now(UTC)  # noqa: TID251 - this is the port's own
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))


class SystemRandomness(Randomness):
    def __init__(self) -> None:
        self._random = SystemRandom()

    def new_id(self) -> str:
        return uuid4().hex

    def jitter(self) -> float:
        return self._random.random()
