from datetime import UTC, datetime, timedelta
from itertools import count
from threading import Lock

from imagebatch.ports.clock import Clock
from imagebatch.ports.randomness import Randomness

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


class FakeClock(Clock):
    """Does not move unless set or slept; `slept` holds every sleep in seconds."""

    def __init__(self, start: datetime = START) -> None:
        self._now, self._shown = start, _in_milliseconds(start)
        self._lock = Lock()
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._shown

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> datetime:
        with self._lock:
            self._now += timedelta(seconds=seconds)
            self._shown = _in_milliseconds(self._now)
            return self._shown


def _in_milliseconds(time: datetime) -> datetime:
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


class FakeRandomness(Randomness):
    """id-0001, id-0002 and so on; a test sets the jitter."""

    def __init__(self, prefix: str = "id", jitter: float = 0.0) -> None:
        self._prefix = prefix
        self._numbers = count(1)
        self._jitter = jitter

    def new_id(self) -> str:
        return f"{self._prefix}-{next(self._numbers):04d}"

    def jitter(self) -> float:
        return self._jitter
