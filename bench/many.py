"""10,000 rows in one batch: accepted immediately, stored soon within the 1,000 write units a
second of a partition, and no row more expensive than one of fifty.
"""

import io
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from bench.cost import Bill, run, watched
from bench.counter import PARTITION_UNITS
from bench.environment import BenchEnvironment
from bench.polls import wait_for_items
from bench.report import Figure

FIFTY, MANY = 50, 10_000
WITHIN = 3 * 3600


def measure(environment: BenchEnvironment) -> Iterator[Figure]:
    few, many = (4, 40) if environment.tiny else (FIFTY, MANY)
    small = run(environment, few, 0)
    look = _Look(environment, many)
    large = run(environment, many, 0, look)
    yield Figure(what=f"{many:,} rows: POST answers", value=large.posted, goal=3, unit="s")
    yield Figure(
        what=f"{many:,} rows: all items stored",
        value=large.posted + look.stored,
        goal=30,
        unit="s",
        detail={
            "units a second and partition": PARTITION_UNITS,
            "throttled while storing": look.throttled,
            "throttled in all": environment.counter.limit.throttled,
        },
    )
    yield Figure(
        what=f"{many:,} rows: lost, or missing from the archive",
        value=look.wrong,
        goal=0,
        unit="rows",
        detail={"seconds": large.posted + look.ended},
    )
    yield _against("calls to AWS a row", small, large, {b.rows: _calls(b) for b in (small, large)})
    seconds = {bill.rows: bill.seconds["WorkerFunction"] for bill in (small, large)}
    yield _against("worker seconds a row", small, large, seconds)
    cost = {bill.rows: bill.total for bill in (small, large)}
    yield _against("AWS cost a row", small, large, cost)


@dataclass
class _Look:
    """Watches the large batch, and opens its archive while it is available."""

    environment: BenchEnvironment
    rows: int
    stored: float = 0
    throttled: int = 0
    ended: float = 0
    wrong: int = 0

    def __call__(self, owner: httpx.Client, batch: str) -> tuple[dict[str, Any], int]:
        start = time.perf_counter()
        wait_for_items(self.environment.counted, "cost", batch, self.rows)
        self.stored = time.perf_counter() - start
        self.throttled = self.environment.counter.limit.throttled
        found, looks = watched(owner, batch, WITHIN)
        self.ended = time.perf_counter() - start
        self.wrong = _wrong(found["zipUrl"], self.rows) + self.rows - found["done"]
        return found, looks


def _against(what: str, small: Bill, large: Bill, found: dict[int, float]) -> Figure:
    each = {rows: value / rows for rows, value in found.items()}
    return Figure(
        what=f"{what}, {large.rows:,} rows against {small.rows}",
        value=each[large.rows] / each[small.rows],
        goal=1.10,
        detail={f"{rows} rows": value for rows, value in each.items()},
    )


def _wrong(url: str, rows: int) -> int:
    body = httpx.get(url, timeout=600).content
    with zipfile.ZipFile(io.BytesIO(body)) as opened:
        assert opened.testzip() is None
        images = {n for n in opened.namelist() if n.endswith((".png", ".jpg", ".webp"))}
    return abs(rows - len(images))


def _calls(bill: Bill) -> int:
    return sum(bill.calls.values())
