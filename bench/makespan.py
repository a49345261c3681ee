"""From the POST of a sheet to its `zipUrl`, against the provider's own time, three at a time."""

import math
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from heapq import heapreplace
from typing import Any

from bench.environment import BenchEnvironment, Site, finished, sheet, submit
from bench.peers import sleeping_makespan
from bench.report import Figure

AT_ONCE = 3
SHORT = 2
"""Provider seconds up to which the overhead of an empty handler matters."""


SIGMA = 0.5
"""Of the logarithms of varying provider times."""


def measure(environment: BenchEnvironment) -> Iterator[Figure]:
    site = environment.stack
    cases = [(6, 0.5, 1.06)] if environment.tiny else [(50, 2.0, 1.06), (50, 6.0, 1.025)]
    for rows, seconds, goal in cases:
        yield _one(site, rows, seconds, goal)
    yield _varying(site, *((6, 0.5) if environment.tiny else (50, 6.0)))
    yield from _three_owners(site, 9 if environment.tiny else 300, 0.5 if environment.tiny else 2.0)


def _warm(site: Site, seconds: float, spread: float = 0) -> None:
    """Workers that are running and know this provider's latency."""
    site.provider_takes(seconds, spread)
    owner = site.owner("warm")
    finished(owner, submit(owner, sheet(12, "Warm")))
    owner.close()


def bound(rows: int, seconds: float) -> float:
    return math.ceil(rows / AT_ONCE) * seconds


def _one(site: Site, rows: int, seconds: float, goal: float) -> Figure:
    _warm(site, seconds)
    least = bound(rows, seconds)
    took, _ = _batch(site, "makespan", rows, 0.95 * least)
    detail = {"seconds": took, "bound s": least}
    if seconds <= SHORT:
        detail["empty handler x"] = sleeping_makespan(site, rows, seconds) / least
    return Figure(
        what=f"makespan, {rows} rows, provider {seconds:g} s",
        value=took / least,
        goal=goal,
        detail=detail,
    )


def _varying(site: Site, rows: int, median: float) -> Figure:
    """Times that nobody knows before: no schedule of them is faster than an equal share each."""
    word = "Varying"
    _warm(site, median, SIGMA)
    took, _ = _batch(site, word, rows, 0.8 * bound(rows, median))
    times = site.provider_times(word)
    least = max(sum(times) / AT_ONCE, *times)
    return Figure(
        what=f"makespan, {rows} rows, provider lognormal, median {median:g} s, sigma {SIGMA:g}",
        value=took / least,
        goal=1.06,
        detail={
            "seconds": took,
            "bound s": least,
            "the same times in this order, nothing between them, x": in_order(times) / least,
        },
    )


def in_order(times: Iterable[float], at_once: int = AT_ONCE) -> float:
    """The makespan of workers that each take the next image as soon as they are free."""
    ends = [0.0] * at_once
    for seconds in times:
        heapreplace(ends, ends[0] + seconds)
    return max(ends)


def _three_owners(site: Site, rows: int, seconds: float) -> Iterator[Figure]:
    """The owners' batches at once, and a small one of a fourth owner in the middle."""
    _warm(site, seconds)
    least, small = bound(rows, seconds), bound(3, seconds)
    with ThreadPoolExecutor(4) as pool:
        start = time.perf_counter()
        # Frequent polling by three owners would distort the result, so polling starts near the
        # earliest finish time.
        quiet = 1.04 * least
        large = [pool.submit(_batch, site, f"owner {n}", rows // 3, quiet) for n in range(3)]
        time.sleep(least / 2)
        took, _ = pool.submit(_batch, site, "small", 3, small).result()
        for each in large:
            each.result()
        whole = time.perf_counter() - start
    yield Figure(
        what=f"makespan, {rows} rows of 3 owners, provider {seconds:g} s",
        value=whole / least,
        goal=1.06,
        detail={"seconds": whole, "bound s": least},
    )
    yield Figure(
        what="makespan, 3 rows sent in the middle of it",
        value=took / small,
        goal=2.5,
        detail={"seconds": took, "bound s": small},
    )


def _batch(site: Site, owner: str, rows: int, quiet: float) -> tuple[float, dict[str, Any]]:
    """No polls for `quiet` seconds, so that polling does not affect the run."""
    client = site.owner(owner)
    client.get("/api/batches?limit=1")
    start = time.perf_counter()
    found = finished(client, submit(client, sheet(rows, owner.title())), after=quiet, every=0.1)
    took = time.perf_counter() - start
    assert found["done"] == rows, found
    assert found["zipUrl"], found
    client.close()
    return took, found
