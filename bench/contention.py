"""Many workers on one batch: a discrete-event simulation over the real use cases.

Every worker writes the batch's one record. On AWS a transaction takes about 10 ms, and one that
meets another at the same record is cancelled (TransactionConflict) or fails its condition; both are
billed. An emulator on a laptop cannot show that with a hundred workers, virtual time can.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count

from greenlet import getcurrent, greenlet

from bench.environment import BenchEnvironment
from bench.report import Figure
from imagebatch.domain.batch import Batch
from imagebatch.domain.budgets import AccountEntry
from imagebatch.domain.errors import ConflictError
from imagebatch.domain.item import Item
from testing.app_harness import AppHarness
from testing.fakes import FakeClock, FakeRandomness, InMemoryBatchStore, ScriptedProvider

TRANSACTION, UPDATE, READ = 0.010, 0.005, 0.004
"""Seconds of a call to DynamoDB from Lambda in the same region, about the median."""
PICKUP = 0.03
"""Seconds from a message's arrival in SQS to the worker's first line, about the median."""
IDLE = 0.02
PROVIDER_SECONDS, SIGMA = 1.0, 0.3
WORKERS, ROWS = 100, 1_000
SEED = 1


def measure(environment: BenchEnvironment) -> Iterator[Figure]:
    for workers in (3, WORKERS):
        rows = 10 * workers if environment.tiny else min(ROWS, 60 * workers)
        simulation = Simulation(workers)
        seconds = simulation.run(rows)
        detail = {"rows": rows, "seconds": seconds, **simulation.store.calls_made}
        if workers == WORKERS:
            yield Figure(
                what=f"{workers} workers on one batch, provider {PROVIDER_SECONDS:g} s",
                value=rows / seconds,
                goal=60,
                unit="items/s",
                at_least=True,
                detail=detail,
            )
        yield Figure(
            what=f"{workers} workers on one batch: transactions repeated for an item",
            value=simulation.store.repeated / rows,
            goal=0.3,
            unit="writes",
            detail=detail,
        )


class VirtualTime:
    """Runs greenlets one at a time, in the order of the moments that they sleep until."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, int, greenlet]] = []
        self._numbers = count()
        self._hub = getcurrent()

    def spawn(self, work: Callable[[], None]) -> None:
        heappush(self._due, (self.now, next(self._numbers), greenlet(work)))

    def sleep(self, seconds: float) -> None:
        heappush(self._due, (self.now + seconds, next(self._numbers), getcurrent()))
        self._hub.switch()

    def run(self) -> None:
        while self._due:
            self.now, _, due = heappop(self._due)
            due.switch()


class VirtualClock(FakeClock):
    def __init__(self, time: VirtualTime) -> None:
        super().__init__()
        self._start, self._time = self._now, time

    def now(self) -> datetime:
        now = self._start + timedelta(seconds=self._time.now)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def sleep(self, seconds: float) -> None:
        self._time.sleep(seconds)


class SeededRandomness(FakeRandomness):
    def __init__(self) -> None:
        super().__init__()
        self.source = random.Random(SEED)  # noqa: S311 - a simulation that can be repeated

    def jitter(self) -> float:
        return self.source.random()


class VaryingProvider(ScriptedProvider):
    """Takes a time of its own for each image: lognormal, around a median."""

    @property
    def seconds(self) -> float:
        return PROVIDER_SECONDS * self.random.lognormvariate(0, SIGMA)

    @seconds.setter
    def seconds(self, _: float) -> None:
        self.random = random.Random(SEED)  # noqa: S311 - as above


class ContendedStore(InMemoryBatchStore):
    """Takes DynamoDB's time, and refuses a write to a record that another one is at."""

    def __init__(self, time: VirtualTime) -> None:
        super().__init__()
        self.calls_made: Counter[str] = Counter()
        self._time = time
        self._busy: set[str] = set()

    @property
    def repeated(self) -> int:
        return self.calls_made["conflicts"] + self.calls_made["stale"]

    def commit(
        self, batch: Batch, item: Item | None = None, entries: Sequence[AccountEntry] = ()
    ) -> tuple[Batch, Item | None]:
        records = {"batch"} | ({f"item {item.index}"} if item else set())
        commit = super().commit
        return self._write(records, TRANSACTION, lambda: commit(batch, item, entries))

    def save_item(self, owner: str, batch_id: str, item: Item) -> Item:
        save = super().save_item
        return self._write({f"item {item.index}"}, UPDATE, lambda: save(owner, batch_id, item))

    def get(self, owner: str, batch_id: str) -> Batch | None:
        self._read()
        return super().get(owner, batch_id)

    def get_item(self, owner: str, batch_id: str, index: int) -> Item | None:
        self._read()
        return super().get_item(owner, batch_id, index)

    def round_entry(self, owner: str, batch_id: str, round_: int, position: int) -> int | None:
        self._read()
        return super().round_entry(owner, batch_id, round_, position)

    def _read(self) -> None:
        self.calls_made["reads"] += 1
        self._time.sleep(READ)

    def _write[T](self, records: set[str], seconds: float, write: Callable[[], T]) -> T:
        self.calls_made["transactions" if "batch" in records else "updates"] += 1
        if records & self._busy:
            self.calls_made["conflicts"] += 1
            self._time.sleep(seconds / 2)
            raise ConflictError("another transaction is at the record")
        self._busy |= records
        self._time.sleep(seconds / 2)
        try:
            return write()
        except ConflictError:
            self.calls_made["stale"] += 1
            raise
        finally:
            self._time.sleep(seconds / 2)
            self._busy -= records


class Simulation:
    def __init__(self, workers: int) -> None:
        self.time = VirtualTime()
        self.store = ContendedStore(self.time)
        self.workers = workers
        self.random = SeededRandomness()
        clock = VirtualClock(self.time)
        self.app = AppHarness(
            store=self.store,
            clock=clock,
            random=self.random,
            provider=VaryingProvider(clock),
            workers=workers,
        )

    def run(self, rows: int) -> float:
        """Seconds from the first message to the last settled item."""
        self.time.spawn(lambda: self._start(rows))
        self.time.run()
        started = self.time.now
        self.store.calls_made.clear()
        for _ in range(self.workers):
            self.time.spawn(self._work)
        self.time.run()
        return self.time.now - started

    def _start(self, rows: int) -> None:
        self.app.start(rows)

    def _work(self) -> None:
        while not self.app.finalizer.started:
            message = self.app.queue.pop()
            if message is None:
                self.time.sleep(IDLE)
                continue
            self.time.sleep(PICKUP * self.random.source.uniform(0.5, 1.5))
            assert self.app.deliver(message) is None
