"""What AWS would charge for a batch: the calls and seconds of a real run, at list prices.

Not included, because they also cost without a batch: Lambda's polling of idle queues, alarms,
custom metrics, and the traffic of a download (docs/performance.md has them).
"""

import json
import re
import time
from collections import Counter as Counts
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from bench import prices
from bench.artifact import Artifact
from bench.cold_start import set_up_seconds
from bench.environment import (
    FINISHED,
    BenchEnvironment,
    Site,
    finished,
    sheet,
    status,
    submit,
    until,
)
from bench.report import Figure
from local import paths

STATES = paths.ROOT / "functions/finalizer/finalizer.asl.json"
IMAGE_BYTES = 1_500_000
"""The fake provider's images are small; stored ones are priced at a realistic size."""
RETENTION_DAYS, ARCHIVE_HOURS = 7, 6
STARTED = {"ApiFunction": 1, "DispatcherFunction": 1, "WorkerFunction": 3, "FinalizerFunction": 1}
"""The environments that a batch needs."""
RUNTIME_SECONDS = 0.1
"""Lambda bills the start of the interpreter as well."""
type Watch = Callable[[httpx.Client, str], tuple[dict[str, Any], int]]
"""Waits for the batch's end; returns the batch, and how often it was polled."""
REPORT = re.compile(r"REPORT RequestId: \S+\tDuration: ([\d.]+) ms.*?Memory Size: (\d+) MB")


@dataclass
class Bill:
    """USD by service, with the details."""

    rows: int
    calls: dict[str, int]
    units: dict[str, float]
    seconds: dict[str, float] = field(default_factory=dict)
    invocations: Counts[str] = field(default_factory=Counts)
    gb_seconds: float = 0
    setup_gb_seconds: float = 0
    """If every function that the batch used had to start first."""
    span: float = 0
    """Seconds from the POST to the end of the last execution."""
    log_bytes: int = 0
    transitions: int = 0
    api_requests: int = 0
    posted: float = 0
    """Seconds that the POST took."""

    @property
    def services(self) -> dict[str, float]:
        units, stored = self.units, self.rows * IMAGE_BYTES / 1e9
        # Lambda receives and deletes each message without passing the counter.
        messages = self.calls.get("messages", 0)
        return {
            "API Gateway": self.api_requests * prices.API_REQUEST,
            "Lambda": self.invocations.total() * prices.LAMBDA_REQUEST
            + (self.gb_seconds + self.setup_gb_seconds) * prices.LAMBDA_GB_SECOND,
            "SQS": (units.get("sqs_request", 0) + 2 * messages) * prices.SQS_REQUEST,
            "DynamoDB": units.get("dynamodb_write", 0) * prices.DYNAMODB_WRITE
            + units.get("dynamodb_read", 0) * prices.DYNAMODB_READ,
            "S3 requests": units.get("s3_put", 0) * prices.S3_PUT
            + units.get("s3_get", 0) * prices.S3_GET,
            "S3 storage": stored * prices.S3_GB_MONTH * (RETENTION_DAYS / 30 + ARCHIVE_HOURS / 720),
            "EventBridge": units.get("event", 0) * prices.EVENT,
            "Step Functions": self.transitions * prices.STATE_TRANSITION,
            "logs": self.log_bytes / 1e9 * prices.LOG_GB,
            "Secrets Manager": units.get("secret_read", 0) * prices.SECRET_READ,
            "X-Ray": sum(map(self._traces, self.invocations.values())) * prices.TRACE,
        }

    def _traces(self, invocations: int) -> float:
        """Lambda traces a function's first request of a second, and 5 % of the others."""
        first = min(invocations, self.span)
        return first + 0.05 * (invocations - first)

    @property
    def total(self) -> float:
        return sum(self.services.values())


def measure(environment: BenchEnvironment) -> Iterator[Figure]:
    rows, seconds = (4, 0.5) if environment.tiny else (50, 2.0)
    bill = run(environment, rows, seconds)
    bill.setup_gb_seconds = _setup_gb_seconds(environment)
    yield Figure(
        what=f"AWS cost of a batch of {rows} rows, provider {seconds:g} s",
        value=bill.total,
        goal=0.0032,
        unit="USD",
        detail={
            **bill.services,
            "calls": bill.calls,
            "units": bill.units,
            "invocations": dict(bill.invocations),
            "lambda seconds": bill.seconds,
            "lambda GB-seconds": bill.gb_seconds,
            "set-up GB-seconds": bill.setup_gb_seconds,
            "state transitions": bill.transitions,
        },
    )
    yield Figure(
        what=f"write units a row, {rows} rows",
        value=bill.units["dynamodb_write"] / rows,
        goal=20,
        unit="units",
    )


def watched(owner: httpx.Client, batch: str, within: float = 900) -> tuple[dict[str, Any], int]:
    """Polled every 5 s, like a frontend; returns the batch at its end, and the number of polls."""
    looks = 0
    found: dict[str, Any] = {}

    def ended() -> bool:
        nonlocal looks
        looks += 1
        found.update(status(owner, batch))
        return found["status"] in FINISHED

    until(ended, every=5, within=within)
    return found, looks


def run(environment: BenchEnvironment, rows: int, seconds: float, watch: Watch = watched) -> Bill:
    """A warm batch from its POST to the deletion of its archive."""
    site, counter = environment.counted, environment.counter
    site.provider_takes(seconds)
    owner = site.owner("cost")
    finished(owner, submit(owner, sheet(3, "Warm")), within=300)
    quiet(site)
    counter.reset()
    began = time.time()
    batch = submit(owner, sheet(rows, "Cost"))
    posted = time.time() - began
    found, looks = watch(owner, batch)
    assert found["done"] == rows, found
    quiet(site)
    span = time.time() - began
    assert counter.units["dynamodb_write"], "no call passed the counter"
    bill = Bill(rows, dict(counter.calls), dict(counter.units), posted=posted, span=span)
    bill.calls["messages"] = _messages(bill.calls, rows)
    _read_reports(site, began, bill)
    _read_history(site, batch, bill)
    bill.api_requests = 1 + looks
    return bill


def _setup_gb_seconds(environment: BenchEnvironment) -> float:
    """Processor time; a function has as much of a processor as of 1,769 MB."""
    artifact, total = Artifact.built(), 0.0
    for function, count in STARTED.items():
        path = artifact.search_path(function, environment.runtime)
        memory = artifact.template["Resources"][function]["Properties"]["MemorySize"]
        took = set_up_seconds(environment.counted, function, path)
        total += count * (RUNTIME_SECONDS + took / min(1, memory / 1769)) * memory / 1024
    return total


def quiet(site: Site) -> None:
    """Wait until every finalizer execution has ended, including the deletion of its archive."""
    client, machine = site.aws("stepfunctions"), site.stack["stateMachineArn"]
    until(
        lambda: (
            not client.list_executions(stateMachineArn=machine, statusFilter="RUNNING")[
                "executions"
            ]
        ),
        every=1,
        within=300,
    )


def _messages(calls: dict[str, int], rows: int) -> int:
    """One per row and one to dispatch the round; continued ones are sent individually."""
    return max(rows + 1, calls.get("sqs SendMessage", 0))


def _read_reports(site: Site, began: float, bill: Bill) -> None:
    """Lambda's own lines report each invocation's duration and memory."""
    memory = Artifact.built().template["Resources"]
    logs = site.aws("logs")
    for logical in site.stack["functions"]:
        group = _log_group(site, logical)
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=group, startTime=int(began * 1000)
        )
        for page in pages:
            for event in page["events"]:
                bill.log_bytes += len(event["message"].encode()) + 26
                if not (report := REPORT.search(event["message"])):
                    continue
                took = float(report[1]) / 1000
                size = memory[logical]["Properties"]["MemorySize"]
                bill.invocations[logical] += 1
                bill.gb_seconds += took * int(size) / 1024
                bill.seconds[logical] = bill.seconds.get(logical, 0) + took


def _log_group(site: Site, logical: str) -> str:
    found = site.aws("lambda").get_function_configuration(FunctionName=site.function(logical))
    return str(
        found.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{found['FunctionName']}"
    )


def _read_history(site: Site, batch: str, bill: Bill) -> None:
    client, machine = site.aws("stepfunctions"), site.stack["stateMachineArn"]
    executions = client.list_executions(stateMachineArn=machine)["executions"]
    [arn] = [e["executionArn"] for e in executions if batch in e["name"]]
    pages = client.get_paginator("get_execution_history").paginate(executionArn=arn)
    events = [event for page in pages for event in page["events"]]
    entered = [
        e["stateEnteredEventDetails"]["name"] for e in events if "stateEnteredEventDetails" in e
    ]
    states = json.loads(STATES.read_text())["States"]
    inside = sum(
        _path(branch)
        for name in entered
        if name in states
        for branch in states[name].get("Branches", [])
    )
    # The emulator's history does not include the states inside a parallel one.
    bill.transitions = 1 + sum(name in states for name in entered) + inside


def _path(branch: dict[str, Any]) -> int:
    """Return the states on a branch's path without failures."""
    name, count = branch["StartAt"], 0
    while name:
        count += 1
        name = branch["States"][name].get("Next", "")
    return count
