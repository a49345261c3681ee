"""Fair queues: a tenant that takes much of the consumers' time waits for those that do not.

The emulator returns a standard queue's oldest messages, whatever their MessageGroupId is. AWS calls
a group a tenant and a tenant noisy if it recently took more than a tenth of the consumers' time, or
has more than a tenth of the messages in flight and at least 30. A quiet tenant's messages are
delivered first, and of several noisy ones those of the tenant with the fewest messages in flight.
AWS calls the thresholds approximate, and does not say what is recent: here, a minute. There, a
tenant is quiet again once all its messages are delivered or it has sent none for five minutes, and
can be marked again; here, the thresholds alone decide at each receive. The time of a message that
is deleted counts until the next receive.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues-detailed.html
"""

import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Any

RECENT_SECONDS = 60
NOISY_SHARE = 0.1
NOISY_IN_FLIGHT = 30

type Message = dict[str, Any]


def install() -> None:
    from ministack.services import sqs

    in_order = sqs._collect_msgs
    queues: dict[tuple[str, str], Deliveries] = {}

    def collect(queue: Mapping[str, Any], most: int, visibility_timeout: int) -> list[Message]:
        if queue["is_fifo"]:
            return list(in_order(queue, most, visibility_timeout))
        messages = list(queue["messages"])
        for message in messages:
            sqs._ensure_msg_fields(message)
        attributes = queue["attributes"]
        key = attributes["QueueArn"], attributes["CreatedTimestamp"]
        found = queues.setdefault(key, Deliveries()).next(messages, most, time.time())
        # Another thread may change the queue's own list meanwhile.
        return list(in_order({**queue, "messages": found}, most, visibility_timeout))

    sqs._collect_msgs = collect


class Deliveries:
    """Which tenants of a queue had messages in flight, and for how long."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._in_flight: dict[str, tuple[str, float]] = {}
        """The tenant of each message, and when it was received."""
        self._ended: deque[tuple[float, float, str]] = deque()
        """When each message ended, when it was received, and its tenant."""

    def next(self, messages: Iterable[Message], most: int, now: float) -> list[Message]:
        """Return those of the visible messages that are delivered now."""
        visible, in_flight, expired = [], set(), {}
        for message in messages:
            if message["visible_at"] <= now:
                visible.append(message)
                expired[message["id"]] = message["visible_at"]
            elif message["receive_count"]:
                in_flight.add(message["id"])
        with self._lock:
            for name in self._in_flight.keys() - in_flight:
                self._end(name, expired.get(name, now))
            self._forget(now - RECENT_SECONDS)
            found = self._in_order(visible, now)[:most]
            self._in_flight |= {each["id"]: (tenant_of(each), now) for each in found}
        return found

    def _end(self, name: str, end: float) -> None:
        tenant, since = self._in_flight.pop(name)
        self._ended.append((end, since, tenant))

    def _forget(self, before: float) -> None:
        while self._ended and self._ended[0][0] < before:
            self._ended.popleft()

    def _in_order(self, visible: list[Message], now: float) -> list[Message]:
        if len({tenant_of(message) for message in visible}) < 2:
            return visible
        counts = Counter(tenant for tenant, _ in self._in_flight.values())
        noisy = self._noisy(counts, now)
        return sorted(visible, key=lambda m: (t := tenant_of(m)) in noisy and 1 + counts[t])

    def _noisy(self, counts: Counter[str], now: float) -> set[str]:
        spans = [(since, now, tenant) for tenant, since in self._in_flight.values()]
        spans += [(since, end, tenant) for end, since, tenant in self._ended]
        seconds: defaultdict[str, float] = defaultdict(float)
        for since, end, tenant in spans:
            seconds[tenant] += max(0, end - max(since, now - RECENT_SECONDS))
        return large(seconds) | {t for t in large(counts) if counts[t] >= NOISY_IN_FLIGHT}


def tenant_of(message: Message) -> str:
    """A message without a group is a tenant of its own."""
    return message["group_id"] or message["id"]


def large(parts: Mapping[str, float]) -> set[str]:
    """Return the tenants whose share is more than a tenth."""
    whole = sum(parts.values())
    return {tenant for tenant, part in parts.items() if part > NOISY_SHARE * whole}
