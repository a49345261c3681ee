"""Measures work relative to other work of the same run.

No test measures seconds: a slower or busier machine slows both sides.
"""

import time
from collections.abc import Callable

from hypothesis import settings


def effort(work: Callable[[], object], times: int = 3) -> float:
    """Processor seconds of the fastest of some runs: other load only adds time."""
    return min(_processor_seconds(work) for _ in range(times))


def _processor_seconds(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


def examples(number: int) -> int:
    """Return how many examples a search takes that takes `number` where others take 100.

    `make test`, `make unit` and `make soak` differ in that; tests/conftest.py has the profiles.
    """
    return max(1, number * settings().max_examples // 100)
