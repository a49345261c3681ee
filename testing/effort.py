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
    """How many examples a search uses that uses `number` of them in `make test`.

    Fewer in `make unit`, more in `make soak`; tests/conftest.py has the profiles.
    """
    return max(1, number * settings().max_examples // 100)
