"""The queue of rounds to dispatch."""

from typing import Protocol


class DispatchQueue(Protocol):
    def send(self, owner: str, batch_id: str, round_: int) -> None: ...
