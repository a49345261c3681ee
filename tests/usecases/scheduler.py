"""Delivers an application's messages in the order of time, as SQS does."""

from collections.abc import Callable
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from typing import Any, Protocol

from imagebatch.ports.item_queue import ItemMessage, RetryLater
from testing.fakes.system import FakeClock

VISIBILITY_SECONDS = 75

type Deliver = Callable[[ItemMessage], RetryLater | None]
"""Raises when the worker dies."""


class App(Protocol):
    """What has messages and takes them."""

    clock: FakeClock
    queue: Any

    def deliver(self, message: ItemMessage | None = None, /) -> RetryLater | None: ...


class Scheduler:
    """One worker. `deliver` may be replaced; a message of a worker that died comes again."""

    def __init__(self, app: App, deliver: Deliver | None = None) -> None:
        self.app = app
        self.deliver = deliver or app.deliver
        self._due: list[tuple[datetime, int, ItemMessage]] = []
        self._numbers = count()

    def run(self, until: Callable[[], bool] = lambda: False) -> None:
        """Until nothing is left to deliver, or until a condition holds."""
        while not until():
            self._collect()
            if not self._due:
                return
            due, _, message = heappop(self._due)
            self.app.clock.advance(max(0.0, (due - self.app.clock.now()).total_seconds()))
            self._deliver(message)

    def _deliver(self, message: ItemMessage) -> None:
        try:
            busy = self.deliver(message)
        except BaseException:  # noqa: BLE001 - the worker is dead, whatever killed it
            self._add(message, self.app.clock.now() + timedelta(seconds=VISIBILITY_SECONDS))
        else:
            if busy is not None:
                self._add(message, busy.until)

    def _collect(self) -> None:
        while self.app.queue.waiting:
            delay = self.app.queue.waiting[0].delay
            message = self.app.queue.pop()
            assert message is not None
            self._add(message, self.app.clock.now() + timedelta(seconds=delay))

    def _add(self, message: ItemMessage, due: datetime) -> None:
        heappush(self._due, (due, next(self._numbers), message))
