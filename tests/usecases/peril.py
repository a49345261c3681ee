"""What can happen at any call into a port: it fails, its answer is lost, the caller dies, or
somebody else is quicker.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import wraps
from typing import Any

from imagebatch.domain.errors import ImagebatchError, ProviderUnavailableError, UnavailableError
from tests.usecases.world import World

PROVIDER = ("create", "get", "cancel", "fetch")
STORE = ("get", "get_item", "items", "add_items", "commit", "save_item", "put_round", "round_list",
         "round_entry")  # fmt: skip
MEDIA = ("put", "get", "head", "delete")


class KilledError(BaseException):
    """The process is gone: nothing after this line ran."""


class Trouble(StrEnum):
    KILL = "kill"
    KILL_AFTER = "kill after"
    FAIL = "fail"
    LOSE = "lose the answer"
    OVERTAKE = "overtake"


@dataclass(frozen=True)
class Strike:
    """After `skip` calls, `trouble`; who overtakes, and whether they die so many calls later."""

    skip: int
    trouble: Trouble
    who: int | str = ""
    dies_after: int | None = None


class Peril:
    """Strikes at the calls of a world's ports as planned.

    A process also dies at its first call after its own time is over, as Lambda ends it.
    """

    def __init__(self, world: World, meanwhile: Callable[[Strike], None]) -> None:
        self._world = world
        self._meanwhile = meanwhile
        self._plan: list[Strike] = []
        self._ends: list[datetime] = []
        self.struck: list[Trouble] = []
        for port, calls in (
            (world.store, STORE), (world.media, MEDIA), (world.provider, PROVIDER),
            (world.queue, ("send",)), (world.dispatch, ("send",)),
            (world.finalizer, ("start", "state")), (world.builder, ("build",)),
        ):  # fmt: skip
            for call in calls:
                setattr(port, call, self._around(port is world.provider, getattr(port, call)))

    def run(self, act: Callable[[], Any], plan: list[Strike], end: datetime) -> tuple[bool, Any]:
        """Runs a process until `end` at the latest; whether it came to its end, and its answer."""
        before, self._plan = self._plan, list(plan)
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
        def perilous(*args: Any, **more: Any) -> Any:
            strike = self._next()
            trouble = strike.trouble if strike else None
            if strike and trouble is Trouble.OVERTAKE:
                self._step_aside(strike)
            self._check_time()
            if trouble is Trouble.KILL:
                raise KilledError
            if trouble is Trouble.FAIL:
                raise _error(provider, lost=False)
            answer = call(*args, **more)
            if trouble is Trouble.KILL_AFTER:
                raise KilledError
            if trouble is Trouble.LOSE:
                raise _error(provider, lost=call.__name__ == "create")
            return answer

        return perilous

    def _step_aside(self, strike: Strike) -> None:
        plan, ends = self._plan, self._ends
        self._plan, self._ends = [], []
        self._meanwhile(strike)
        self._plan, self._ends = plan, ends

    def _next(self) -> Strike | None:
        if not self._plan:
            return None
        strike, *rest = self._plan
        if strike.skip:
            self._plan = [replace(strike, skip=strike.skip - 1), *rest]
            return None
        self._plan = rest
        self.struck.append(strike.trouble)
        return strike

    def _check_time(self) -> None:
        if self._ends and self._world.clock.now() >= self._ends[-1]:
            raise KilledError


def _error(provider: bool, *, lost: bool) -> ImagebatchError:
    if provider:
        return ProviderUnavailableError("injected", billed_perhaps=lost)
    return UnavailableError("injected")
