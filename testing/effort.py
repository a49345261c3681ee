"""How much work something is, measured against other work of the same run.

No test counts seconds: a slower or a busier machine does both sides more slowly.
"""

import time
from collections.abc import Callable

from hypothesis import settings


def effort(work: Callable[[], object], times: int = 3) -> float:
    """Processor seconds of the quickest of some runs: what others do to the machine only adds."""
    return min(_processor_seconds(work) for _ in range(times))


def _processor_seconds(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


def examples(number: int) -> int:
    """How many examples a search takes that takes `number` of them in `make test`.

    Fewer in `make unit`, more in `make soak`; tests/conftest.py has the profiles.
    """
    return max(1, number * settings().max_examples // 100)
