"""Time."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

type TimeLeft = Callable[[], float]
"""Seconds until the running invocation is stopped from outside."""


class Clock(Protocol):
    def now(self) -> datetime:
        """The time in UTC, in whole milliseconds, as the records keep it."""
        ...

    def sleep(self, seconds: float) -> None: ...
