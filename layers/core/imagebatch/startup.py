"""Fewer garbage collections while a function starts; it must be imported before everything else.

Imports create objects that stay. Collections that look through them for garbage in vain are 3 to
10 % of the processor time until a function's first answer.
"""

import gc
from collections.abc import Callable
from functools import wraps

START_THRESHOLD = 200_000
"""New objects until a collection, which limits what a first event can leave behind."""
_thresholds = gc.get_threshold()
gc.set_threshold(START_THRESHOLD)


def end_with_first_answer[**P, R](handler: Callable[P, R]) -> Callable[P, R]:
    """After the handler's first call, collect as usual, but not among the objects of the start."""

    @wraps(handler)
    def answer(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return handler(*args, **kwargs)
        finally:
            if gc.get_threshold() != _thresholds:
                gc.freeze()
                gc.set_threshold(*_thresholds)

    return answer
