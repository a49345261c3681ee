"""Counts a stack's AWS calls, in the units that AWS bills, and throttles its writes.

It is a proxy between the functions and the emulator. It limits a partition as DynamoDB does, which
the emulator does not. Its units are those of the price list: a
DynamoDB write unit is 1 KB of an item (twice in a transaction), a read unit 4 KB (half if
eventually consistent), S3 is billed by request type, SQS by 64 KB.
"""

import json
import math
import re
import threading
import time
from collections import Counter as Counts
from collections import defaultdict
from collections.abc import Sequence
from itertools import takewhile
from typing import Any
from urllib.parse import parse_qs, urlsplit

from testing.capacity import PartitionLimit, item_bytes, write_units, written
from testing.emulator_family import Family
from testing.exchanges import Exchange, Reply, write_some
from testing.fault_proxy import AWS_NAMES, FaultProxy, Rule

PARTITION_UNITS = 1_000
FULL = "Throughput exceeds the current capacity of your table or index."


class Counter(FaultProxy):
    """`calls` by operation, `units` by what is billed; both since the last `reset`."""

    def __init__(self) -> None:
        super().__init__(AWS_NAMES, Family())
        self.calls: Counts[str] = Counts()
        self.units: defaultdict[str, float] = defaultdict(float)
        self.limit = PartitionLimit(PARTITION_UNITS)
        self._counting = threading.Lock()

    def reset(self) -> None:
        with self._counting:
            self.calls.clear()
            self.units.clear()
            self.limit.throttled = 0

    def wait_until_quiet(self, seconds: float = 2) -> None:
        """Wait until there was no call for this long."""
        before = -1
        while before != (before := self.calls.total()):
            time.sleep(seconds)

    def rule_for(self, _: Exchange) -> Rule | None:
        """No faults; the search for words in each request would take long."""
        return None

    def refuse(self, request: Exchange) -> Reply | None:
        """A throttled write is not billed."""
        if not request.headers.get("x-amz-target", "").startswith("DynamoDB"):
            return None
        body = json.loads(request.body or b"{}")
        if request.target == "BatchWriteItem":
            return self._write_what_fits(request, body)
        full = self.limit.throttles(request.target, body)
        return throttling(request.target, full) if any(full) else None

    def _write_what_fits(self, request: Exchange, body: dict[str, Any]) -> Reply | None:
        """DynamoDB throttles each record of such a call by itself."""
        records = list(written(request.target, body))
        fits = list(takewhile(lambda each: not self.limit.full(dict([each])), records))
        if len(fits) == len(records):
            return None
        if not fits:
            return throttling(request.target, [True] * len(records))
        with self._counting:
            self.calls[f"dynamodb {request.target}"] += 1
            self.units["dynamodb_write"] += sum(units for _, units in fits)
        return write_some(self.upstream, body, len(fits))

    def learn(self, request: Exchange, reply: Reply) -> None:
        name, units = billed(request, reply)
        with self._counting:
            self.calls[name] += 1
            for unit, count in units.items():
                self.units[unit] += count


def throttling(operation: str, full: Sequence[bool]) -> Reply:
    """DynamoDB's answer if the partitions of these records are `full`; the table is on demand."""
    document: dict[str, Any] = {"__type": "aws#ThrottlingException", "message": FULL}
    if operation == "TransactWriteItems":
        reasons = [{"Code": "ThrottlingError" if each else "None"} for each in full]
        document = {
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "message": FULL,
            "CancellationReasons": reasons,
        }
    body = json.dumps(document).encode()
    kind = ("Content-Type", "application/x-amz-json-1.0")
    return Reply(400, [kind, ("Content-Length", str(len(body)))], body)


def billed(request: Exchange, reply: Reply) -> tuple[str, dict[str, float]]:
    service = request.headers.get("x-amz-target", "").partition(".")[0]
    if not request.target:
        return _of_s3(request)
    body: dict[str, Any] = json.loads(request.body or b"{}")
    if service.startswith("DynamoDB"):
        return f"dynamodb {request.target}", _of_dynamodb(request.target, body, reply)
    if service == "AmazonSQS":
        return f"sqs {request.target}", {"sqs_request": math.ceil(len(request.body) / 65_536)}
    if service == "secretsmanager":
        return f"secretsmanager {request.target}", {"secret_read": 1}
    return f"{service} {request.target}", {}


def _of_dynamodb(operation: str, body: dict[str, Any], reply: Reply) -> dict[str, float]:
    written = write_units(operation, body)
    if written:
        return {"dynamodb_write": written}
    return {"dynamodb_read": _read(operation, body, reply)}


def _read(operation: str, body: dict[str, Any], reply: Reply) -> float:
    found = json.loads(reply.body or b"{}")
    if operation == "GetItem":
        items, consistent = [found.get("Item", {})], body.get("ConsistentRead", False)
    elif operation == "BatchGetItem":
        asked = next(iter(body["RequestItems"].values()))
        consistent = asked.get("ConsistentRead", False)
        items = next(iter(found.get("Responses", {}).values()), [])
        return sum(max(1, math.ceil(item_bytes(i) / 4096)) for i in items) * (
            1 if consistent else 0.5
        )
    else:
        # A query is billed by the total size of what it read.
        items, consistent = found.get("Items", []), body.get("ConsistentRead", False)
    units = max(1, math.ceil(sum(map(item_bytes, items)) / 4096))
    return units if consistent else units / 2


def _of_s3(request: Exchange) -> tuple[str, dict[str, float]]:
    query = parse_qs(urlsplit(request.path).query, keep_blank_values=True)
    lists = request.method == "GET" and (
        "uploads" in query or "uploadId" in query or not re.search(r"^/[^/]+/.", request.path)
    )
    name = f"s3 {'LIST' if lists else request.method}"
    if request.method == "DELETE":
        return name, {}
    dear = lists or request.method in {"PUT", "POST"}
    whole = request.method == "PUT" and "partNumber" not in query
    created = whole or (request.method == "POST" and "uploadId" in query)
    units = {"s3_put" if dear else "s3_get": 1.0}
    return name, {**units, **({"event": 1.0} if created else {})}
