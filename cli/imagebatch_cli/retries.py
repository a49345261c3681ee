"""Trying again: the pauses between tries."""

import random
import time
from collections.abc import Iterator

MAX_PAUSE_SECONDS = 10.0


def backoff(failed: int) -> float:
    """Return the seconds to wait after this many failures: half a second, doubled each time, with
    jitter so that many clients do not retry simultaneously.
    """
    longest = min(MAX_PAUSE_SECONDS, 0.5 * 2.0 ** min(failed - 1, 8))
    return longest * random.uniform(0.5, 1)  # noqa: S311 (not a secret)


def attempts(tries: int) -> Iterator[int]:
    """The numbers of the tries, from 0, with a pause before each but the first."""
    for number in range(tries):
        if number:
            time.sleep(backoff(number))
        yield number
