"""Scripted faults: calls that fail, lose their response, or find the state changed."""

from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from threading import Lock
from typing import Concatenate


@dataclass(frozen=True)
class Fault:
    """What happens at one call: `action` before it, `error` instead of it or after it."""

    action: Callable[[], object] | None = None
    error: BaseException | None = None
    applied: bool = False


class Faults:
    """`calls` counts every call by name. Faults occur in the order in which they were set."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self._planned: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._faults_lock = Lock()

    def fail_next(
        self, call: str, error: BaseException, *, times: int = 1, applied: bool = False
    ) -> None:
        """The next `times` calls raise `error`; with `applied` they do their work first."""
        self._plan(call, Fault(error=error, applied=applied), times)

    def before_next(self, call: str, action: Callable[[], object], *, times: int = 1) -> None:
        """`action` runs right before the next calls, as if another writer had been faster."""
        self._plan(call, Fault(action=action), times)

    @property
    def pending_faults(self) -> int:
        """How many faults have not occurred: a test that sets some asserts that none is left."""
        return sum(len(planned) for planned in self._planned.values())

    def _plan(self, call: str, fault: Fault, times: int) -> None:
        if not hasattr(type(self), call):
            raise AttributeError(f"{type(self).__name__} has no call named {call}")
        self._planned[call].extend([fault] * times)

    def _next_fault(self, call: str) -> Fault:
        with self._faults_lock:
            self.calls[call] += 1
            planned = self._planned[call]
            return planned.popleft() if planned else Fault()


def faulty[F: Faults, **P, R](
    method: Callable[Concatenate[F, P], R],
) -> Callable[Concatenate[F, P], R]:
    """Makes a method of a `Faults` class fail on request."""

    @wraps(method)
    def call(self: F, /, *args: P.args, **kwargs: P.kwargs) -> R:
        fault = self._next_fault(method.__name__)
        if fault.action is not None:
            fault.action()
        if fault.error is not None and not fault.applied:
            raise fault.error
        answer = method(self, *args, **kwargs)
        if fault.error is not None:
            raise fault.error
        return answer

    return call
