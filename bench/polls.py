"""The cost of polling a batch's status: the same for 50 and for 10,000 rows, and two reads.

One is of the batch, the other of the marker that refuses an owner who is being erased.
"""

import statistics
import time
from collections.abc import Iterator

from bench.environment import BenchEnvironment, Site, sheet, status, submit, until
from bench.report import Figure


def measure(environment: BenchEnvironment) -> Iterator[Figure]:
    sizes, looks = ((5, 50), 3) if environment.tiny else ((50, 10_000), 60)
    site, counter = environment.counted, environment.counter
    owner = site.owner("polls")
    with site.standing_still(but="DispatcherFunction"):
        batches = {rows: submit(owner, sheet(rows, f"Poll {rows}")) for rows in sizes}
        for rows, batch in batches.items():
            wait_for_items(site, "polls", batch, rows)
        environment.counter.wait_until_quiet()
        times: dict[int, list[float]] = {rows: [] for rows in sizes}
        counter.reset()
        for _ in range(looks):
            for rows, batch in batches.items():
                start = time.perf_counter()
                status(owner, batch)
                times[rows].append(time.perf_counter() - start)
        calls = dict(counter.calls)
        site.forget_work()
    few, many = (statistics.median(times[rows]) for rows in sizes)
    yield Figure(
        what=f"status poll, {sizes[1]:,} rows against {sizes[0]}",
        value=max(few, many) / min(few, many),
        goal=1.2,
        detail={f"{rows} rows, ms": statistics.median(t) * 1000 for rows, t in times.items()},
    )
    reads = sum(count for name, count in calls.items() if name.startswith("dynamodb"))
    yield Figure(
        what="calls to AWS a status poll makes",
        value=sum(calls.values()) / (2 * looks),
        goal=2,
        unit="calls",
        detail={**calls, "DynamoDB reads a poll": reads / (2 * looks)},
    )


def wait_for_items(site: Site, owner: str, batch: str, rows: int) -> None:
    """Wait for the last row's record, which is stored last, and count them all once.

    A query of them all takes the emulator a second, in which it does nothing else.
    """
    client, partition = site.aws("dynamodb"), f"BATCH#{owner}#{batch}"
    last = {"pk": {"S": partition}, "sk": {"S": f"ITEM#{rows - 1:06d}"}}
    table = site.stack["table"]
    until(lambda: "Item" in client.get_item(TableName=table, Key=last), every=0.25, within=900)
    pages = client.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression="pk = :pk AND begins_with(sk, :items)",
        ExpressionAttributeValues={":pk": {"S": partition}, ":items": {"S": "ITEM#"}},
        Select="COUNT",
    )
    stored = sum(page["Count"] for page in pages)
    assert stored == rows, f"{stored} of {rows} rows are stored"
