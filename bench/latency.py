"""The time of a warm POST /api/car-batch, above an empty function behind the same gateway."""

import statistics
import time
from collections.abc import Iterator

from bench.environment import BenchEnvironment, sheet, submit
from bench.peers import empty_route
from bench.report import Figure


def measure(environment: BenchEnvironment) -> Iterator[Figure]:
    site, runs = environment.stack, 3 if environment.tiny else 60
    owner, path = site.owner("latency"), empty_route(site)
    files = {"file": ("cars.csv", sheet(50), "text/csv")}
    ours, empty = [], []
    with site.standing_still():
        for run in range(runs + 3):
            start = time.perf_counter()
            submit(owner, sheet(50, f"Post {run}"))
            between = time.perf_counter()
            answer = owner.post(path, files=files)
            assert answer.status_code == 202, f"{answer.status_code} {answer.text}"
            ours.append(between - start)
            empty.append(time.perf_counter() - between)
        site.forget_work()
    posted, answered = statistics.median(ours[3:]), statistics.median(empty[3:])
    yield Figure(
        what="POST /api/car-batch, 50 rows, warm, above an empty function",
        value=(posted - answered) * 1000,
        goal=60,
        unit="ms",
        detail={"ours ms": posted * 1000, "empty ms": answered * 1000},
    )
