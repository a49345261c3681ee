"""What can happen at any call into a port: it fails, its answer is lost, the caller dies, or
somebody else is quicker.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import wraps
from itertools import repeat
from typing import Any

from imagebatch.domain.errors import ImagebatchError, ProviderUnavailableError, UnavailableError
from testing.app_harness import AppHarness

PROVIDER = ("create", "find_created", "get", "cancel", "fetch")
STORE = ("create", "get", "get_item", "items", "add_items", "commit", "save_item", "put_round",
         "round_list", "round_entry")  # fmt: skip
MEDIA = ("put", "get", "head", "delete")


class KilledError(BaseException):
    """The process is gone: nothing after this line ran."""


class FaultKind(StrEnum):
    KILL = "kill"
    KILL_AFTER = "kill after"
    FAIL = "fail"
    LOSE = "lose the answer"
    OVERTAKE = "overtake"


@dataclass(frozen=True)
class InjectedFault:
    """After `skip` calls, `kind`; who overtakes, and whether they die so many calls later."""

    skip: int
    kind: FaultKind
    who: int | str = ""
    dies_after: int | None = None


class FaultInjector:
    """Injects the planned faults into calls of the application's ports.

    A process also dies at its first call after its own time is over, as Lambda ends it.
    """

    def __init__(self, app: AppHarness, meanwhile: Callable[[InjectedFault], None]) -> None:
        self._world = app
        self._meanwhile = meanwhile
        self._plan: Iterator[InjectedFault | None] = iter(())
        self._ends: list[datetime] = []
        self.injected: list[FaultKind] = []
        for port, calls in (
            (app.store, STORE), (app.media, MEDIA), (app.provider, PROVIDER),
            (app.queue, ("send",)), (app.dispatch, ("send",)),
            (app.breakers, ("get", "save")), (app.ledger, ("hold",)),
            (app.finalizer, ("start", "state")), (app.builder, ("build",)),
        ):  # fmt: skip
            for call in calls:
                setattr(port, call, self._around(port is app.provider, getattr(port, call)))

    def run(
        self, act: Callable[[], Any], plan: list[InjectedFault], end: datetime
    ) -> tuple[bool, Any]:
        """Runs a process until `end` at the latest; whether it came to its end, and its answer."""
        before, self._plan = self._plan, _call_by_call(plan)
        self._ends.append(end)
        try:
            return True, act()
        except (KilledError, ImagebatchError):
            return False, None
        finally:
            self._ends.pop()
            self._plan = before

    def _around(self, provider: bool, call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def faulty(*args: Any, **more: Any) -> Any:
            fault = self._next()
            kind = fault.kind if fault else None
            if fault and kind is FaultKind.OVERTAKE:
                self._step_aside(fault)
            self._check_time()
            if kind is FaultKind.KILL:
                raise KilledError
            if kind is FaultKind.FAIL:
                raise _error(provider, lost=False)
            answer = call(*args, **more)
            if kind is FaultKind.KILL_AFTER:
                raise KilledError
            if kind is FaultKind.LOSE:
                raise _error(provider, lost=call.__name__ == "create")
            return answer

        return faulty

    def _step_aside(self, fault: InjectedFault) -> None:
        plan, ends = self._plan, self._ends
        self._plan, self._ends = iter(()), []
        self._meanwhile(fault)
        self._plan, self._ends = plan, ends

    def _next(self) -> InjectedFault | None:
        fault = next(self._plan, None)
        if fault is not None:
            self.injected.append(fault.kind)
        return fault

    def _check_time(self) -> None:
        if self._ends and self._world.clock.now() >= self._ends[-1]:
            raise KilledError


def _call_by_call(plan: list[InjectedFault]) -> Iterator[InjectedFault | None]:
    for fault in plan:
        yield from repeat(None, fault.skip)
        yield fault


def _error(provider: bool, *, lost: bool) -> ImagebatchError:
    if provider:
        return ProviderUnavailableError("injected", maybe_billed=lost)
    return UnavailableError("injected")
