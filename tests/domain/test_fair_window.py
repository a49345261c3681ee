"""The dispatch window in a simulation: workers, a queue and a virtual clock."""

import heapq
from collections import deque
from collections.abc import Callable
from copy import replace
from statistics import mean

import pytest

from imagebatch.domain.batch import Batch
from imagebatch.domain.counts import Counts
from imagebatch.domain.dispatch_window import admit_next, enqueue_initial_window
from imagebatch.domain.statuses import ItemStatus
from testing.records import a_batch, an_item, change_batch

WORKERS, SECONDS, LATENCY = 3, 2.0, 0.1
SETTLED = an_item(status=ItemStatus.SUCCEEDED)

type Share = Callable[[float], int]
"""Messages of a batch in the queue, by the seconds that its last one waited."""


class Simulation:
    def __init__(self, share: Share) -> None:
        self.share = share
        self.now = 0.0
        self.free = WORKERS
        self.queue: deque[tuple[str, int, float]] = deque()
        self.batches: dict[str, Batch] = {}
        self.ended: dict[str, float] = {}
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    def at(self, time: float, event: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._events, (time, self._count, event))

    def run(self) -> dict[str, float]:
        while self._events:
            self.now, _, event = heapq.heappop(self._events)
            event()
            while self.free and self.queue:
                self._receive(*self.queue.popleft())
        return self.ended

    def submit(self, name: str, rows: int) -> None:
        batch = enqueue_initial_window(
            a_batch(round_total=rows, enqueued_count=0, counts=Counts(pending=rows)), WORKERS
        )
        self.batches[name] = batch
        for position in range(batch.state.enqueued_count):
            self._send(name, position)

    def _send(self, name: str, position: int) -> None:
        arrives = self.now + LATENCY
        self.at(arrives, lambda: self.queue.append((name, position, arrives)))

    def _receive(self, name: str, position: int, since: float) -> None:
        self.free -= 1
        waited = self.now - since if position >= WORKERS else 0.0
        self._count_as(name, pending=-1, processing=1)
        self.at(self.now + SECONDS, lambda: self._settle(name, waited))

    def _settle(self, name: str, waited: float) -> None:
        self.free += 1
        self._count_as(name, processing=-1, succeeded=1)
        self.batches[name], item = admit_next(self.batches[name], SETTLED, self.share(waited))
        for position in item.state.enqueued_positions:
            self._send(name, position)
        if not self.batches[name].counts.unsettled:
            self.ended[name] = self.now

    def _count_as(self, name: str, **changes: int) -> None:
        batch = self.batches[name]
        counts = {field: getattr(batch.counts, field) + by for field, by in changes.items()}
        self.batches[name] = change_batch(batch, counts=replace(batch.counts, **counts))


def half_when_crowded(waited: float) -> int:
    return -(-WORKERS // 2) if waited > 1 else WORKERS


def rounds_of_a_small_batch(share: Share) -> tuple[float, float]:
    """In rounds of images: how long 3 rows amid 300 take, and how long all do against their
    bound.
    """
    small, whole = [], []
    for number in range(10):
        simulation = Simulation(share)
        for name in ("a", "b", "c"):
            simulation.at(0, lambda run=simulation, name=name: run.submit(name, 100))
        arrives = 100 + number / 5
        simulation.at(arrives, lambda run=simulation: run.submit("small", 3))
        ended = simulation.run()
        small.append((ended["small"] - arrives) / SECONDS)
        whole.append(max(ended.values()) / (303 / WORKERS * SECONDS))
    return mean(small), mean(whole)


@pytest.mark.slow
def test_a_small_batch_is_not_stuck_behind_large_ones() -> None:
    small, whole = rounds_of_a_small_batch(half_when_crowded)
    assert small < 2.8
    assert whole < 1.01


@pytest.mark.slow
def test_a_constant_window_costs_a_small_batch_a_round() -> None:
    assert rounds_of_a_small_batch(lambda _: WORKERS)[0] > 3.2
