"""The cost of a function's start, against importing boto3 and creating the clients that it uses.

Each start is a new interpreter on the built artifact, which cannot write bytecode there. The
measure is processor time, which load distorts least and waiting for AWS not at all. Starts of the
product and of the baseline alternate, and each is compared with the one after it. The first
response is to a real event, against the local stack.
"""

import json
import statistics
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from bench.artifact import Artifact
from bench.environment import BenchEnvironment, Site, sheet, submit
from bench.report import Figure
from local import paths

OWNER = "cold"
OPTIONAL = {"EventsFunction": {"EVENT_BUS_NAME": "default"}}
"""Deployed only with their parameter; with these variables besides the sweeper's they start."""

FUNCTION_SCRIPT = """
import sys, time, json
given = json.loads(sys.stdin.read())
sys.path[:0] = given["path"]
class Context:
    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "bench"
    def get_remaining_time_in_millis(self): return 30_000
start = time.process_time()
import app
ready = time.process_time()
answer = app.handler(given["event"], Context()) if "event" in given else None
done = time.process_time()
import gc
gc.unfreeze()
clients = [vars(o) for o in gc.get_objects() if type(o).__name__ == "Clients"]
names = sorted(n for each in clients for n in each if not n.startswith("_"))
print(json.dumps({"ready": ready - start, "answered": done - start, "clients": names,
                  "answer": repr(answer)[:300]}))
"""

PEER = """
import sys, time, json
given = json.loads(sys.stdin.read())
sys.path[:0] = given["path"]
start = time.process_time()
import boto3
session = boto3.Session()
for name in given["clients"]:
    session.client(name)
print(json.dumps({"peer": time.process_time() - start}))
"""


def measure(environment: BenchEnvironment) -> Iterator[Figure]:
    artifact, packages = Artifact.built(), environment.runtime
    site, runs = environment.stack, 2 if environment.tiny else 11
    site.provider_takes(0)
    ready, answered = {}, {}
    detail: dict[str, Any] = {}
    with site.standing_still(), _held(site):
        events = Events(site)
        # The sweeper before the others leave it their batches.
        for function in sorted(artifact.functions, key=lambda name: name != "SweeperFunction"):
            path = artifact.search_path(function, packages)
            found = _starts(site, function, path, getattr(events, _snake(function)), runs)
            ready[function], answered[function] = found.pop("ratios")
            detail[function] = {
                n: round(v * 1000, 1) if isinstance(v, float) else v for n, v in found.items()
            }
    site.forget_work()
    yield Figure(
        what="cold start, import and set-up, the slowest function",
        value=max(ready.values()),
        goal=1.3,
        detail=ready,
    )
    yield Figure(
        what="cold start to the first answer, the slowest function",
        value=max(answered.values()),
        goal=1.8,
        detail={**answered, "milliseconds": detail},
    )


def _starts(
    site: Site, function: str, path: list[str], event: Callable[[], Any], runs: int
) -> dict[str, Any]:
    """Medians: times in seconds, and ratios to the baseline's time until ready and until the
    response.
    """
    environment = _environment(site, function)
    first = _start(FUNCTION_SCRIPT, environment, {"path": path, "event": event()})
    assert "dynamodb" in first["clients"] or function == "WebFunction", first
    asked = {"path": path[-1:], "clients": first["clients"]}
    ours, peers = [], []
    for _ in range(runs):
        ours.append(_start(FUNCTION_SCRIPT, environment, {"path": path, "event": event()}))
        peers.append(_start(PEER, environment, asked)["peer"])
    pairs = list(zip(ours, peers, strict=True))
    return {
        "ratios": [
            statistics.median(run[name] / peer for run, peer in pairs)
            for name in ("ready", "answered")
        ],
        "ready": statistics.median(run["ready"] for run in ours),
        "answered": statistics.median(run["answered"] for run in ours),
        "peer": statistics.median(peers),
        "clients": ", ".join(first["clients"]),
        "answer": first["answer"],
    }


def set_up_seconds(site: Site, function: str, path: list[str], runs: int = 3) -> float:
    """The processor time until the function could take its first event; the median."""
    environment = _environment(site, function)
    return statistics.median(
        _start(FUNCTION_SCRIPT, environment, {"path": path})["ready"] for _ in range(runs)
    )


def _start(script: str, environment: dict[str, str], given: dict[str, Any]) -> dict[str, Any]:
    # -B stands for a file system that cannot be written to.
    command = [paths.script(".venv", "python3.13"), "-I", "-S", "-B", "-c", script]
    done = subprocess.run(
        command,
        input=json.dumps(given),
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _environment(site: Site, function: str) -> dict[str, str]:
    deployed = "SweeperFunction" if function in OPTIONAL else function
    found = site.aws("lambda").get_function_configuration(FunctionName=site.function(deployed))
    stack = site.stack
    return {
        **found["Environment"]["Variables"],
        **OPTIONAL.get(function, {}),
        "AWS_ENDPOINT_URL": stack["endpointUrl"],
        "AWS_REGION": stack["region"],
        "AWS_DEFAULT_REGION": stack["region"],
        "AWS_ACCESS_KEY_ID": stack["accessKeyId"],
        "AWS_SECRET_ACCESS_KEY": stack["secretAccessKey"],
        "AWS_LAMBDA_FUNCTION_NAME": function,
    }


@contextmanager
def _held(site: Site) -> Iterator[None]:
    """Meanwhile, the stack's own intake and finalizer are paused, so that ours find their work."""
    client, finalizer = site.aws("lambda"), site.function("FinalizerFunction")
    # A queue is polled whatever its function's concurrency is.
    [intake] = client.list_event_source_mappings(FunctionName=site.function("IntakeFunction"))[
        "EventSourceMappings"
    ]
    client.update_event_source_mapping(UUID=intake["UUID"], Enabled=False)
    client.put_function_concurrency(FunctionName=finalizer, ReservedConcurrentExecutions=0)
    try:
        yield
    finally:
        client.delete_function_concurrency(FunctionName=finalizer)
        client.update_event_source_mapping(UUID=intake["UUID"], Enabled=True)


class Events:
    """A real event for each function, with the work behind it in AWS."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._api = site.owner(OWNER)
        self._lambda = site.aws("lambda")
        self._count = 0

    def api_function(self) -> dict[str, Any]:
        return self._signed_in("api")

    def web_function(self) -> dict[str, Any]:
        return self._recorded("web")

    def sweeper_function(self) -> dict[str, Any]:
        submit(self._api, self._sheet())
        return self._recorded("sweeper")

    def events_function(self) -> dict[str, Any]:
        event = self._recorded("events")
        key = {"S": f"BATCH#{OWNER}#{submit(self._api, self._sheet())}"}
        for part in ("Keys", "NewImage"):
            event["Records"][0]["dynamodb"][part]["pk"] = key
        return event

    def progress_function(self) -> dict[str, Any]:
        event = self._signed_in("progress")
        event["headers"].pop("last-event-id", None)
        recorded = event["pathParameters"]["batch_id"]
        batch = submit(self._api, self._sheet())
        # The router reads the path, which names the batch as well.
        return dict(json.loads(json.dumps(event).replace(recorded, batch)))

    def intake_function(self) -> dict[str, Any]:
        event = self._recorded("intake")
        self._count += 1
        key = f"inbox/{OWNER}/cars {self._count}.csv"
        bucket, s3 = self._site.stack["bucket"], self._site.aws("s3")
        etag = s3.put_object(Bucket=bucket, Key=key, Body=self._sheet())["ETag"].strip('"')
        [record] = event["Records"]
        announced = json.loads(record["body"])
        announced["detail"]["object"] |= {"key": key, "etag": etag}
        return {"Records": [{**record, "body": json.dumps(announced)}]}

    def dispatcher_function(self) -> dict[str, Any]:
        return self._message("dispatcher", submit(self._api, self._sheet()))

    def worker_function(self) -> dict[str, Any]:
        return self._message("worker", self._dispatched(), position=0, index=0)

    def dead_letter_function(self) -> dict[str, Any]:
        return self._message("deadletter", self._dispatched(), position=0, index=0)

    def finalizer_function(self) -> dict[str, Any]:
        batch = self._dispatched(rows=1)
        self._invoke("WorkerFunction", self._message("worker", batch, position=0, index=0))
        return {"step": "build", "owner": OWNER, "batchId": batch, "round": 1, "attempt": 1}

    def _dispatched(self, rows: int = 3) -> str:
        batch = submit(self._api, self._sheet(rows))
        self._invoke("DispatcherFunction", self._message("dispatcher", batch))
        return batch

    def _invoke(self, function: str, event: dict[str, Any]) -> None:
        answer = self._lambda.invoke(
            FunctionName=self._site.function(function), Payload=json.dumps(event).encode()
        )
        assert "FunctionError" not in answer, answer["Payload"].read()

    def _message(self, name: str, batch: str, **more: int) -> dict[str, Any]:
        event = self._recorded(name)
        body = {"owner": OWNER, "batchId": batch, "round": 1, **more}
        event["Records"] = [{**event["Records"][0], "body": json.dumps(body)}]
        return event

    def _signed_in(self, name: str) -> dict[str, Any]:
        event = self._recorded(name)
        event["requestContext"]["authorizer"] = {"jwt": {"claims": {"sub": OWNER}, "scopes": None}}
        return event

    def _recorded(self, name: str) -> dict[str, Any]:
        return dict(json.loads((paths.ROOT / "events" / f"{name}.json").read_text()))

    def _sheet(self, rows: int = 3) -> bytes:
        self._count += 1
        return sheet(rows, f"Cold {self._count}")


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
