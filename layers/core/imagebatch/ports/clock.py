"""Time."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

type TimeLeft = Callable[[], float]
"""Seconds until the running invocation is stopped from outside."""


class Clock(Protocol):
    def now(self) -> datetime:
        """Return the time in UTC, in whole milliseconds, as the records store it."""
        ...

    def sleep(self, seconds: float) -> None: ...
