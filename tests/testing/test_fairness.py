"""The order in which a fair queue delivers, in virtual time."""

from typing import Any

import pytest

from testing.emulator.fairness import NOISY_IN_FLIGHT, RECENT_SECONDS, Deliveries


class Queue:
    """Messages that stay in flight until they are deleted."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._messages: list[dict[str, Any]] = []
        self._deliveries = Deliveries()
        self._sent = 0

    def send(self, tenant: str | None, count: int = 1) -> None:
        for _ in range(count):
            self._sent += 1
            self._messages.append(
                {"id": str(self._sent), "group_id": tenant, "visible_at": 0.0, "receive_count": 0}
            )

    def receive(self, count: int = 1) -> list[str | None]:
        found = self._deliveries.next(self._messages, count, self.now)
        for message in found:
            message |= {"visible_at": self.now + 1000, "receive_count": 1}
        return [message["group_id"] for message in found]

    def let_expire(self) -> None:
        for message in self._messages:
            message["visible_at"] = self.now

    def delete(self, tenant: str) -> None:
        self._messages = [
            m for m in self._messages if m["group_id"] != tenant or not m["receive_count"]
        ]


def test_oldest_message_is_first_of_tenants_without_a_past() -> None:
    queue = Queue()
    for tenant in ("a", "b", "a", None):
        queue.send(tenant)

    assert queue.receive(4) == ["a", "b", "a", None]


def test_noisy_tenant_waits_for_quiet_ones() -> None:
    queue = Queue()
    queue.send("large", 3)
    queue.receive()
    queue.now += 10
    queue.delete("large")
    queue.receive(0)
    queue.send(None)
    queue.send("small")

    assert queue.receive(4) == [None, "small", "large", "large"]


def test_noisy_tenant_with_fewer_in_flight_is_first() -> None:
    queue = Queue()
    queue.send("first", 3)
    queue.send("second")
    assert queue.receive(4) == ["first", "first", "first", "second"]
    queue.now += 1
    queue.send("first")
    queue.send("second")

    assert queue.receive(2) == ["second", "first"]


@pytest.mark.parametrize(("large", "first"), [(9, "small"), (8, "new")], ids=["a tenth", "a ninth"])
def test_a_tenth_of_the_time_is_not_too_much(large: int, first: str) -> None:
    queue = Queue()
    queue.send("large", large)
    queue.send("small")
    queue.receive(large + 1)
    queue.now += 1
    queue.send("large")
    queue.send("small")
    queue.send("new")

    assert queue.receive()[0] == first


def test_time_after_the_visibility_timeout_is_not_counted() -> None:
    queue = Queue()
    queue.send("large", 2)
    queue.receive(2)
    queue.now += 1
    queue.let_expire()
    queue.now += RECENT_SECONDS + 1
    queue.send("small")

    assert queue.receive() == ["large"]


def test_thirty_messages_in_flight_are_noisy_at_once() -> None:
    queue = Queue()
    queue.send("large", NOISY_IN_FLIGHT + 1)
    queue.receive(NOISY_IN_FLIGHT)
    queue.send("small")

    assert queue.receive() == ["small"]


def test_time_of_more_than_a_minute_ago_is_forgotten() -> None:
    queue = Queue()
    queue.send("large")
    queue.receive()
    queue.now += 10
    queue.delete("large")
    queue.receive()
    queue.now += RECENT_SECONDS + 1
    queue.send("large")
    queue.send("small")

    assert queue.receive() == ["large"]
