"""10,000 rows in one batch: taken at once, stored soon, and no row dearer than one of fifty."""

import io
import time
import zipfile
from collections.abc import Iterator

import httpx

from bench.cost import Bill, run
from bench.polls import wait_for_items
from bench.report import Figure
from bench.world import World, finished, sheet, submit

FIFTY, MANY = 50, 10_000
WITHIN = 3 * 3600


def measure(world: World) -> Iterator[Figure]:
    few, many = (4, 40) if world.tiny else (FIFTY, MANY)
    yield from _taken(world, many)
    small, large = run(world, few, 0), run(world, many, 0, WITHIN)
    each = {bill.rows: _calls(bill) / bill.rows for bill in (small, large)}
    yield Figure(
        what=f"calls to AWS a row, {many:,} rows against {few}",
        value=each[many] / each[few],
        goal=1.10,
        detail={f"{rows} rows": count for rows, count in each.items()},
    )
    seconds = {b.rows: b.seconds["WorkerFunction"] / b.rows for b in (small, large)}
    yield Figure(
        what=f"worker seconds a row, {many:,} rows against {few}",
        value=seconds[many] / seconds[few],
        goal=1.10,
        detail={f"{rows} rows": count for rows, count in seconds.items()},
    )
    cost = {bill.rows: bill.total / bill.rows for bill in (small, large)}
    yield Figure(
        what=f"AWS cost a row, {many:,} rows against {few}",
        value=cost[many] / cost[few],
        goal=1.10,
        detail={f"{rows} rows, USD": each for rows, each in cost.items()},
    )


def _taken(world: World, rows: int) -> Iterator[Figure]:
    """The POST, the storing of the items, and at the end the archive, on the stack for times."""
    site = world.stack
    site.provider_takes(0)
    owner = site.owner("many")
    finished(owner, submit(owner, sheet(3, "Warm")), within=300)
    start = time.perf_counter()
    batch = submit(owner, sheet(rows, "Many"))
    posted = time.perf_counter() - start
    wait_for_items(site, "many", batch, rows)
    stored = time.perf_counter() - start
    yield Figure(what=f"{rows:,} rows: POST answers", value=posted, goal=3, unit="s")
    yield Figure(what=f"{rows:,} rows: all items stored", value=stored, goal=60, unit="s")
    found = finished(owner, batch, every=5, within=WITHIN)
    wrong = _wrong(found["zipUrl"], rows) + rows - found["done"]
    yield Figure(
        what=f"{rows:,} rows: lost, or missing from the archive",
        value=wrong,
        goal=0,
        unit="rows",
        detail={"seconds": time.perf_counter() - start, "done": found["done"]},
    )


def _wrong(url: str, rows: int) -> int:
    body = httpx.get(url, timeout=600).content
    with zipfile.ZipFile(io.BytesIO(body)) as opened:
        assert opened.testzip() is None
        images = {n for n in opened.namelist() if n.endswith((".png", ".jpg", ".webp"))}
    return abs(rows - len(images))


def _calls(bill: Bill) -> int:
    return sum(bill.calls.values())
