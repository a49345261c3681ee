"""Many workers on one batch: a discrete-event simulation over the real use cases.

Every worker writes the batch's one record. On AWS a transaction takes about 10 ms, and one that
meets another at the same record is cancelled (TransactionConflict) or fails its condition; both are
billed, and use up the partition's write units. An emulator on a laptop cannot show that with a
hundred workers, virtual time can.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from bench.contention_model import (
    MOST_TRIES,
    PARTITION_UNITS,
    PICKUP,
    PROVIDER_SECONDS,
    READ,
    SIGMA,
    THROTTLES,
    TRANSACTION,
    TRANSACTION_UNITS,
    estimates,
)
from bench.environment import BenchEnvironment
from bench.report import Figure
from bench.virtual_time import VirtualTime
from imagebatch.domain.batch import Batch
from imagebatch.domain.budgets import AccountEntry
from imagebatch.domain.errors import ConflictError
from imagebatch.domain.item import Item
from imagebatch.retries import attempts
from testing.app_harness import AppHarness
from testing.capacity import PartitionLimit
from testing.fakes import FakeClock, FakeRandomness, InMemoryBatchStore, ScriptedProvider

UPDATE, UPDATE_UNITS = 0.005, 1
"""Of the write of a prediction's ID."""
IDLE = 0.02
WORKERS, ROWS = 100, 1_000
EQUAL_SECONDS = 2.0
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
                detail={**detail, **estimates(workers, rows)},
            )
        yield Figure(
            what=f"{workers} workers on one batch: transactions repeated for an item",
            value=simulation.store.repeated / rows,
            goal=0.3,
            unit="writes",
            detail=detail,
        )
    yield _equal_times(50)


def _equal_times(rows: int) -> Figure:
    """Workers whose predictions take the same time want to write at the same moments."""
    simulation = Simulation(3, provider=lambda clock: ScriptedProvider(clock, EQUAL_SECONDS))
    seconds = simulation.run(rows)
    return Figure(
        what=f"3 workers on one batch, all images {EQUAL_SECONDS:g} s: transactions repeated",
        value=simulation.store.repeated / rows,
        goal=0.3,
        unit="writes",
        detail={"rows": rows, "seconds": seconds, **simulation.store.calls_made},
    )


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

    def __init__(self, time: VirtualTime, jitter: Callable[[], float], units: float) -> None:
        super().__init__()
        self.calls_made: Counter[str] = Counter()
        self._time = time
        self._jitter = jitter
        self._limit = PartitionLimit(units, lambda: time.now)
        self._busy: set[str] = set()

    @property
    def repeated(self) -> int:
        return self.calls_made["conflicts"] + self.calls_made["stale"]

    def commit(
        self,
        batch: Batch,
        item: Item | None = None,
        entries: Sequence[AccountEntry] = (),
        *,
        before: Batch | None = None,
    ) -> tuple[Batch, Item | None]:
        records = {"batch"} | ({f"item {item.index}"} if item else set())
        commit = super().commit
        return self._write(
            records, TRANSACTION, lambda: commit(batch, item, entries, before=before)
        )

    def save_item(self, owner: str, batch_id: str, item: Item) -> Item:
        save = super().save_item
        return self._write({f"item {item.index}"}, UPDATE, lambda: save(owner, batch_id, item))

    def get(self, owner: str, batch_id: str) -> Batch | None:
        self._read()
        return super().get(owner, batch_id)

    def get_item(self, owner: str, batch_id: str, index: int) -> Item | None:
        self._read()
        return super().get_item(owner, batch_id, index)

    def find(self, owner: str, batch_id: str, index: int) -> tuple[Batch, Item] | None:
        self._read()
        batch, item = super().get(owner, batch_id), super().get_item(owner, batch_id, index)
        return None if batch is None or item is None else (batch, item)

    def _read(self) -> None:
        self.calls_made["reads"] += 1
        self._time.sleep(READ)

    def _write[T](self, records: set[str], seconds: float, write: Callable[[], T]) -> T:
        both = "batch" in records
        self._take_units(TRANSACTION_UNITS if both else UPDATE_UNITS, patient=not both)
        self.calls_made["transactions" if both else "updates"] += 1
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

    def _take_units(self, units: int, *, patient: bool) -> None:
        """A throttled transaction is not billed, and its records are read again."""
        tries = attempts(MOST_TRIES, **THROTTLES, sleep=self._time.sleep, jitter=self._jitter)
        for _ in tries:
            if not self._limit.full({"batch": units}):
                return
            self.calls_made["throttled"] += 1
            self._time.sleep(TRANSACTION / 2)
            if not patient:
                raise ConflictError("the partition is throttled")


class Simulation:
    def __init__(
        self,
        workers: int,
        units: float = PARTITION_UNITS,
        provider: Callable[[FakeClock], ScriptedProvider] = VaryingProvider,
    ) -> None:
        self.time = VirtualTime()
        self.workers = workers
        self.random = SeededRandomness()
        self.store = ContendedStore(self.time, self.random.jitter, units)
        clock = VirtualClock(self.time)
        self.app = AppHarness(
            store=self.store,
            clock=clock,
            random=self.random,
            provider=provider(clock),
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
