"""The requests to the fake providers, and the predictions they created."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from testing.fake_providers.faults import Rule

BOOTED = time.time() - time.monotonic()


def steady_time() -> float:
    """Seconds since 1970, unaffected by corrections of the machine's clock."""
    return BOOTED + time.monotonic()


@dataclass(kw_only=True)
class FakePrediction:
    """A created prediction; `ready` and `created` are seconds since 1970."""

    id: str
    provider: str
    model: str
    prompt: str
    input: dict[str, Any]
    created: float
    ready: float
    clock: Callable[[], float] = field(repr=False)
    outcome: Rule | None = None
    cancelled: bool = False

    @property
    def held(self) -> bool:
        return self.ready == float("inf") and self.outcome is None

    @property
    def running(self) -> bool:
        return not self.cancelled and self.clock() < self.ready


@dataclass(kw_only=True)
class FakeCreate:
    """One create request; `answer` is `created` or the fault it met, `at` is in epoch seconds."""

    at: float
    provider: str
    model: str
    prompt: str
    input: dict[str, Any]
    answer: str
    prediction: str | None
    seconds: float | None = None


@dataclass
class Ledger:
    creates: list[FakeCreate] = field(default_factory=list)
    predictions: dict[str, FakePrediction] = field(default_factory=dict)
    cancels: list[str] = field(default_factory=list)
    gets: int = 0
    files: int = 0
    bytes_sent: int = 0
    high_water: int = 0
    keys_on_files: int = 0
    connections: int = 0
