"""The queue of items to make."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from imagebatch.structs import Struct


@dataclass(frozen=True, slots=True)
class ItemMessage:
    """One item to generate in one round; `position` is its place in the round's dispatch list.

    `queue_wait_seconds` is how long the message waited in the queue. It is 0 for delayed and
    redelivered messages, whose age says nothing about the load.
    """

    owner: str
    batch_id: str
    round: int
    position: int
    index: int
    queue_wait_seconds: float = field(default=0, compare=False)


class RetryLater(Struct, frozen=True):
    """Nothing can be done before then: redeliver, do not acknowledge."""

    until: datetime


class ItemQueue(Protocol):
    def send(self, messages: Sequence[ItemMessage], *, delay: float = 0) -> None:
        """Send all, or raise UnavailableError (some may have been sent). `delay` is in seconds."""
        ...
