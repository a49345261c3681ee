"""Trying again: the one place that pauses between tries."""

from collections.abc import Callable, Iterator


def attempts(
    tries: int,
    *,
    first: float,
    longest: float,
    sleep: Callable[[float], None],
    jitter: Callable[[], float],
) -> Iterator[int]:
    """The numbers of the tries, from 0. Before each but the first it sleeps: exponential backoff
    with full jitter, of `first` seconds at most and at last of `longest`.
    """
    for number in range(tries):
        if number:
            sleep(jitter() * min(longest, first * 2 ** (number - 1)))
        yield number
