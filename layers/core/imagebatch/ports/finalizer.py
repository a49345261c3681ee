"""What builds and publishes archives, and tells of them."""

from enum import StrEnum
from typing import Protocol


class Execution(StrEnum):
    UNKNOWN = "unknown"
    """Never started, as far as anybody knows."""
    RUNNING = "running"
    ENDED = "ended"


class Finalizer(Protocol):
    def start(self, owner: str, batch_id: str, round_: int, attempt: int) -> None:
        """Starts building the archive; started before is as good."""
        ...

    def state(self, batch_id: str, round_: int, attempt: int) -> Execution:
        """What became of that execution."""
        ...

    def stop(self, batch_id: str, round_: int, attempt: int) -> bool:
        """Stops that execution; ended before is as good. False where there never was one."""
        ...
