"""What sets work off: queues, the finalizer, webhooks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class ItemMessage:
    """One item to make in one round; `position` is its place in the round's dispatch list.

    `queue_wait_seconds` is how long the message waited in the queue. It is 0 for delayed and
    redelivered messages, whose age says nothing about the load.
    """

    owner: str
    batch_id: str
    round: int
    position: int
    index: int
    queue_wait_seconds: float = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class RetryLater:
    """Nothing can be done before then: come back, do not acknowledge."""

    until: datetime


@dataclass(frozen=True, slots=True)
class SendAnew:
    """It is too early and nothing has failed: a copy takes the message's place in the queue, so
    that waiting uses up none of its deliveries.
    """


@dataclass(frozen=True, slots=True)
class ArrivedObject:
    """An object that was put into the bucket, `age` seconds after its arrival was announced."""

    key: str
    etag: str
    size: int
    age: float


class ItemQueue(Protocol):
    def send(self, messages: Sequence[ItemMessage], *, delay: float = 0) -> None:
        """Sends all, or raises UnavailableError (some may have been sent). `delay` in seconds."""
        ...


class DispatchQueue(Protocol):
    def send(self, owner: str, batch_id: str, round_: int) -> None: ...


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


class Receipt(StrEnum):
    """How a webhook ended for good."""

    DELIVERED = "delivered"
    GONE = "gone"
    """The receiver wants no more of them."""
    REFUSED = "refused"
    """The address is none that we call."""


class Webhooks(Protocol):
    """Signed POSTs to addresses that clients gave: Standard Webhooks."""

    def post(self, url: str, message_id: str, body: Mapping[str, Any]) -> Receipt:
        """One try, bounded in time. WebhookDeliveryError when a later one may be answered better.

        `message_id` is the same in every try, so that a receiver knows what it has seen.
        """
        ...
