"""The finalizer, which builds and publishes archives and sends notifications."""

from enum import StrEnum
from typing import Protocol


class Execution(StrEnum):
    UNKNOWN = "unknown"
    """Never started, as far as is known."""
    RUNNING = "running"
    ENDED = "ended"


class Finalizer(Protocol):
    def start(self, owner: str, batch_id: str, round_: int, attempt: int) -> None:
        """Start building the archive; no effect if it was started before."""
        ...

    def state(self, batch_id: str, round_: int, attempt: int) -> Execution:
        """Return the state of that execution."""
        ...

    def stop(self, batch_id: str, round_: int, attempt: int) -> bool:
        """Stop that execution; no effect if it has ended. False if there never was one."""
        ...
