from typing import NamedTuple

from imagebatch.ports.finalizer import Execution, Finalizer
from testing.fakes.faults import Faults, faulty


class Started(NamedTuple):
    owner: str
    batch_id: str
    round: int
    attempt: int


class InMemoryFinalizer(Faults, Finalizer):
    """`started` holds each execution once, however often it was started."""

    def __init__(self) -> None:
        super().__init__()
        self.started: list[Started] = []
        self._ended: set[tuple[str, int, int]] = set()

    @faulty
    def start(self, owner: str, batch_id: str, round_: int, attempt: int) -> None:
        execution = Started(owner, batch_id, round_, attempt)
        if execution not in self.started:
            self.started.append(execution)

    @faulty
    def state(self, batch_id: str, round_: int, attempt: int) -> Execution:
        if not any(each[1:] == (batch_id, round_, attempt) for each in self.started):
            return Execution.UNKNOWN
        ended = (batch_id, round_, attempt) in self._ended
        return Execution.ENDED if ended else Execution.RUNNING

    @faulty
    def stop(self, batch_id: str, round_: int, attempt: int) -> bool:
        known = any(each[1:] == (batch_id, round_, attempt) for each in self.started)
        if known:
            self.end(batch_id, round_, attempt)
        return known

    def end(self, batch_id: str, round_: int, attempt: int) -> None:
        """End an execution as succeeded, failed or stopped, which the port does not distinguish."""
        self._ended.add((batch_id, round_, attempt))
