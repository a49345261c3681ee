"""What other designs of a batch's record would bring, by the times of bench/contention.py alone.

A worker reads, writes the record, waits for its image, reads and writes again. With one record
and two writes an item this is what the simulation over the real use cases does, without them.
"""

import random
from dataclasses import dataclass, field

from bench.virtual_time import VirtualTime
from imagebatch.retries import attempts
from imagebatch.usecases.records import FIRST_PAUSE, LONGEST_PAUSE
from testing.capacity import PartitionLimit

TRANSACTION, READ = 0.010, 0.004
"""Seconds of a call to DynamoDB from Lambda in the same region, about the median."""
PICKUP = 0.03
"""Seconds from a message's arrival in SQS to the worker's first line, about the median."""
TRANSACTION_UNITS, PARTITION_UNITS = 6, 1_000
"""Write units of a claim or a settle (decision 25), and of a partition in a second."""
CONFLICTS: dict[str, float] = {"first": FIRST_PAUSE, "longest": LONGEST_PAUSE}
THROTTLES: dict[str, float] = {"first": 0.02, "longest": 2.0}
"""How the product tries again."""
MOST_TRIES = 500
PROVIDER_SECONDS, SIGMA = 1.0, 0.3
DESIGNS = {
    "as it is": (1, 2),
    "one write an item": (1, 1),
    "counts in 4 records": (4, 2),
    "counts in 20 records": (20, 2),
}
"""How many records a write may choose from, and an item's writes."""


def estimates(workers: int, rows: int) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, (records, writes) in DESIGNS.items():
        model = Model(records, writes, workers, rows)
        found[f"model, {name}: items/s"] = model.run()
        found[f"model, {name}: repeated for an item"] = model.repeated / rows
    return found


@dataclass
class Model:
    records: int
    writes: int
    workers: int
    left: int
    units_a_second: float = PARTITION_UNITS
    repeated: int = 0
    time: VirtualTime = field(default_factory=VirtualTime)
    chance: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311

    def __post_init__(self) -> None:
        self._busy: set[int] = set()
        self._limit = PartitionLimit(self.units_a_second, lambda: self.time.now)

    def run(self) -> float:
        """Return the items a second."""
        rows = self.left
        for _ in range(self.workers):
            self.time.spawn(self._work)
        self.time.run()
        return rows / self.time.now

    def _work(self) -> None:
        while self.left > 0:
            self.left -= 1
            self.time.sleep(PICKUP * self.chance.uniform(0.5, 1.5))
            self._write()
            self.time.sleep(PROVIDER_SECONDS * self.chance.lognormvariate(0, SIGMA))
            if self.writes > 1:
                self._write()

    def _write(self) -> None:
        tries = attempts(MOST_TRIES, **CONFLICTS, sleep=self.time.sleep, jitter=self.chance.random)
        for _ in tries:
            self.time.sleep(2 * READ)
            if self._written(self.chance.randrange(self.records)):
                return

    def _written(self, record: int) -> bool:
        if self._limit.full({"batch": TRANSACTION_UNITS}):
            self.time.sleep(TRANSACTION / 2)
            return False
        if record in self._busy:
            self.repeated += 1
            self.time.sleep(TRANSACTION / 2)
            return False
        self._busy.add(record)
        self.time.sleep(TRANSACTION)
        self._busy.remove(record)
        return True
