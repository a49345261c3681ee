"""10,000 rows in one batch: accepted immediately, and stored soon within the 1,000 write units a
second of a partition. Then a large batch to its end: nothing lost, and no row more expensive than
one of fifty. It has 2,500 rows, with --full 10,000; a row costs the same.
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
from bench.environment import BenchEnvironment, sheet, submit
from bench.polls import wait_for_items
from bench.report import Figure

FIFTY, MANY, STORED = 50, 2_500, 10_000
WITHIN = 3 * 3600


def measure(environment: BenchEnvironment) -> Iterator[Figure]:
    yield from _stored(environment, 400 if environment.tiny else STORED)
    few, many = (4, 40) if environment.tiny else (FIFTY, STORED if environment.full else MANY)
    small = run(environment, few, 0)
    look = _Look(many)
    large = run(environment, many, 0, look)
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


def _stored(environment: BenchEnvironment, rows: int) -> Iterator[Figure]:
    """Only the dispatcher runs meanwhile, warm like the API; the batch is cancelled then."""
    site, limit = environment.counted, environment.counter.limit
    owner = site.owner("stored")
    with site.standing_still(but="DispatcherFunction"):
        warm = submit(owner, sheet(1, "Warm"))
        wait_for_items(site, "stored", warm, 1)
        environment.counter.reset()
        start = time.perf_counter()
        batch = submit(owner, sheet(rows, "Stored"))
        posted = time.perf_counter() - start
        wait_for_items(site, "stored", batch, rows)
        stored = time.perf_counter() - start
        for each in (warm, batch):
            owner.post(f"/api/v1/batch/{each}/cancel").raise_for_status()
        site.forget_work()
    yield Figure(what=f"{rows:,} rows: POST answers", value=posted, goal=3, unit="s")
    yield Figure(
        what=f"{rows:,} rows: all items stored, {PARTITION_UNITS:,} write units a second",
        value=stored,
        goal=30,
        unit="s",
        detail={"writes throttled": limit.throttled},
    )


@dataclass
class _Look:
    """Watches the large batch, and opens its archive while it is available."""

    rows: int
    ended: float = 0
    wrong: int = 0

    def __call__(self, owner: httpx.Client, batch: str) -> tuple[dict[str, Any], int]:
        start = time.perf_counter()
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
