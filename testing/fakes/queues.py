from collections.abc import Sequence
from typing import NamedTuple

from imagebatch.ports.dispatch_queue import DispatchQueue
from imagebatch.ports.item_queue import ItemMessage, ItemQueue
from imagebatch.schemas.messages import DispatchMessage
from testing.fakes.faults import Faults, faulty


class Sent(NamedTuple):
    message: ItemMessage
    delay: float


class InMemoryItemQueue(Faults, ItemQueue):
    """`sent` holds everything ever sent; `pop` returns what was not received yet, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Sent] = []
        self._taken = 0

    @faulty
    def send(self, messages: Sequence[ItemMessage], *, delay: float = 0) -> None:
        self.sent.extend(Sent(message, delay) for message in messages)

    @property
    def indices(self) -> list[int]:
        """Return the item indices sent, in order."""
        return [sent.message.index for sent in self.sent]

    @property
    def waiting(self) -> list[Sent]:
        return self.sent[self._taken :]

    def pop(self) -> ItemMessage | None:
        """Return the next message, whatever its delay; None if there is none."""
        if not self.waiting:
            return None
        self._taken += 1
        return self.sent[self._taken - 1].message


class InMemoryDispatchQueue(Faults, DispatchQueue):
    def __init__(self) -> None:
        super().__init__()
        self.sent: list[DispatchMessage] = []
        self._taken = 0

    @faulty
    def send(self, owner: str, batch_id: str, round_: int) -> None:
        self.sent.append(DispatchMessage(owner, batch_id, round_))

    def pop(self) -> DispatchMessage | None:
        if self._taken == len(self.sent):
            return None
        self._taken += 1
        return self.sent[self._taken - 1]
