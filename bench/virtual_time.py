"""Time that passes only while everybody waits, for simulations."""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count

from greenlet import getcurrent, greenlet


class VirtualTime:
    """Runs greenlets one at a time, in the order of the moments that they sleep until."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, int, greenlet]] = []
        self._numbers = count()
        self._hub = getcurrent()

    def spawn(self, work: Callable[[], None]) -> None:
        heappush(self._due, (self.now, next(self._numbers), greenlet(work)))

    def sleep(self, seconds: float) -> None:
        heappush(self._due, (self.now + seconds, next(self._numbers), getcurrent()))
        self._hub.switch()

    def run(self) -> None:
        while self._due:
            self.now, _, due = heappop(self._due)
            due.switch()
