"""The events of events/ against the functions: on the emulator, and by `sam local invoke`."""

import json
import os
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from local import paths
from local.build import build, read_template
from local.config import architecture
from local.relay import bridge_address, relay
from local.stack import environments
from testing.scenario import ask, until
from tests.conftest import Aws, Stack, Stacks

FUNCTIONS = {
    name: resource["Properties"]["CodeUri"].strip("/").rpartition("/")[2]
    for name, resource in read_template()["Resources"].items()
    if resource["Type"] == "AWS::Serverless::Function" and "Condition" not in resource
}
"""Logical id -> the name of its folder and of its event."""

ROWS = 10_000
RESPONSE_BYTES = 6 * 1024 * 1024
OWN_IMAGE = "imagebatch-lambda-python:3.13"
PUBLIC_IMAGE = f"public.ecr.aws/lambda/python:3.13-{architecture()}"


def event(function: str) -> Path:
    return paths.ROOT / "events" / f"{FUNCTIONS[function]}.json"


@pytest.fixture(scope="module", autouse=True)
def dropped(stack: Stack, aws: Aws) -> None:
    """The sheet that the drop folder's event speaks of."""
    [message] = json.loads(event("IntakeFunction").read_text())["Records"]
    key = json.loads(message["body"])["detail"]["object"]["key"]
    sheet = (paths.ROOT / "events" / "cars.csv").read_bytes()
    aws("s3").put_object(Bucket=stack["bucket"], Key=key, Body=sheet)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_takes_its_event(function: str, stack: Stack, aws: Aws) -> None:
    answer = until(f"a place of {function} is free", lambda: invoked(function, stack, aws))
    body = json.loads(answer["Payload"].read() or "null")
    assert "FunctionError" not in answer, body
    assert is_success(body)


def invoked(function: str, stack: Stack, aws: Aws) -> Any:
    """None while batches of other tests hold every place that the function has."""
    client = aws("lambda")
    try:
        return client.invoke(
            FunctionName=stack["functions"][function], Payload=event(function).read_bytes()
        )
    except client.exceptions.TooManyRequestsException:
        return None


def is_success(body: Any) -> bool:
    if not isinstance(body, dict):
        return True
    return "errorType" not in body and body.get("statusCode", 200) < 500


def succeeds(*command: str) -> bool:
    return subprocess.run(command, capture_output=True).returncode == 0


@pytest.fixture(scope="module")
def image() -> list[str]:
    """The options for an image that can be had here."""
    if not shutil.which("docker") or not succeeds("docker", "info"):
        pytest.skip("no Docker engine answers")
    if succeeds("docker", "image", "inspect", OWN_IMAGE):
        return ["--invoke-image", OWN_IMAGE, "--skip-pull-image"]
    if succeeds("docker", "pull", PUBLIC_IMAGE):
        return []
    if os.geteuid() or not shutil.which("debootstrap"):
        pytest.skip("Lambda's public image cannot be pulled, and debootstrap (as root) is missing")
    subprocess.run([paths.ROOT / "local/invoke_image.sh", OWN_IMAGE], check=True)
    return ["--invoke-image", OWN_IMAGE, "--skip-pull-image"]


@dataclass(frozen=True)
class Containers:
    """Functions of a stack, each invocation in a container with Lambda's own runtime."""

    stack: Stack
    variables: Path
    image: list[str]

    def invoke(self, function: str, event: Path, seconds: float = 180) -> Any:
        command = [
            paths.script(".venv-sam", "sam"), "local", "invoke", function,
            "--template", str(build()), "--event", str(event),
            "--env-vars", str(self.variables), "--region", self.stack["region"],
            "--parameter-overrides",
            f"Architecture={architecture()} AwsEndpointUrl=http://emulator", *self.image,
        ]  # fmt: skip
        credentials = {
            "AWS_ACCESS_KEY_ID": self.stack["accessKeyId"],
            "AWS_SECRET_ACCESS_KEY": self.stack["secretAccessKey"],
            "SAM_CLI_TELEMETRY": "0",
        }
        done = subprocess.run(
            command, cwd=paths.ROOT, env={**os.environ, **credentials}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=seconds,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        body = json.loads(done.stdout.splitlines()[-1])
        assert is_success(body), done.stdout + done.stderr
        return body


@contextmanager
def containers(stack: Stack, image: list[str], folder: Path) -> Iterator[Containers]:
    """With the deployed functions' environments and an address that a container reaches."""
    file = folder / "env.json"
    file.write_text(json.dumps(environments(stack, bridge_address())))
    with relay(int(stack["endpointUrl"].rpartition(":")[2])):
        yield Containers(stack, file, image)


@pytest.fixture(scope="module")
def shared(
    image: list[str], stack: Stack, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Containers]:
    with containers(stack, image, tmp_path_factory.mktemp("invoke")) as made:
        yield made


@pytest.mark.parametrize("function", FUNCTIONS)
def test_sam_local_invoke_works_with_every_event(function: str, shared: Containers) -> None:
    shared.invoke(function, event(function))


@pytest.fixture(scope="module")
def large(
    image: list[str], stacks: Stacks, aws: Aws, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Containers]:
    """A stack for 10,000 rows whose queues nobody reads but the containers."""
    stack = stacks(MaxRows=ROWS)
    client = aws("lambda", stack)
    names = [stack["functions"][each] for each in ("DispatcherFunction", "WorkerFunction")]
    kept = [client.get_function_concurrency(FunctionName=name) for name in names]
    for name in names:
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    with containers(stack, image, tmp_path_factory.mktemp("large")) as made:
        yield made
    for name, before in zip(names, kept, strict=True):
        if places := before.get("ReservedConcurrentExecutions"):
            client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=places)
        else:
            client.delete_function_concurrency(FunctionName=name)


@pytest.fixture(scope="module")
def api(large: Containers) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=large.stack["apiUrl"], timeout=60) as client:
        yield client


def request_event(folder: Path, path: str, query: str = "", body: str = "") -> Path:
    """The API's event with another request: the sheet is the raw body, base64 as in events/."""
    made = json.loads(event("ApiFunction").read_text())
    made["rawPath"], made["rawQueryString"] = path, query
    made["queryStringParameters"] = dict(parse_qsl(query))
    made["pathParameters"] = {"proxy": path.removeprefix("/api/")}
    made["requestContext"]["http"]["path"] = path
    made["headers"] |= {"content-type": "text/csv", "content-length": str(len(body))}
    made["body"] = b64encode(body.encode()).decode()
    return written(folder, made)


def message_event(folder: Path, function: str, **fields: Any) -> Path:
    made = json.loads(event(function).read_text())
    made["Records"][0]["body"] = json.dumps(fields)
    return written(folder, made)


def written(folder: Path, made: dict[str, Any]) -> Path:
    file = folder / "event.json"
    file.write_text(json.dumps(made))
    return file


def many_cars(ratio: str) -> str:
    rows = (f"Ford,Model {n},pickup,Lariat,2024,Blue,white,{ratio}\n" for n in range(ROWS))
    return "make,model,body_style,trim,year,color,background,aspect_ratio\n" + "".join(rows)


@pytest.mark.slow
@pytest.mark.parametrize("ratio", ["1:1", "2:1"])
def test_a_dry_run_of_many_rows_fits_a_response(
    ratio: str, large: Containers, tmp_path: Path
) -> None:
    """Of valid rows, and of rows that all have a problem; Lambda's runtime refuses over 6 MB."""
    query = "dryRun=true&invalidRows=skip"
    answer = large.invoke(
        "ApiFunction", request_event(tmp_path, "/api/car-batch", query, many_cars(ratio))
    )

    assert answer["statusCode"] == 200, answer
    assert len(json.dumps(answer)) < RESPONSE_BYTES
    preview = json.loads(answer["body"])
    assert preview["total"] == ROWS
    faulty = [item for item in preview["items"] if item["problems"]]
    assert (preview["items"] == faulty) == (ratio == "2:1")
    assert preview["nextCursor"]


@pytest.mark.slow
def test_many_rows_are_submitted_dispatched_and_cancelled(
    large: Containers, api: httpx.Client, tmp_path: Path
) -> None:
    made = large.invoke(
        "ApiFunction", request_event(tmp_path, "/api/car-batch", body=many_cars("1:1"))
    )
    assert made["statusCode"] == 202, made
    batch = json.loads(made["body"])["jobId"]

    round_one = {"owner": "local", "batchId": batch, "round": 1}
    large.invoke(
        "DispatcherFunction", message_event(tmp_path, "DispatcherFunction", **round_one), 400
    )

    last = ask(api, "GET", f"/api/v1/batch/{batch}/status?limit=1&cursor={ROWS - 1}", 200)
    assert (last["total"], last["pending"]) == (ROWS, ROWS)
    assert [item["row"] for item in last["items"]] == [ROWS + 1]

    first = message_event(tmp_path, "WorkerFunction", **round_one, position=0, index=0)
    assert large.invoke("WorkerFunction", first) == {"batchItemFailures": []}
    assert ask(api, "GET", f"/api/batch/{batch}", 200)["done"] == 1

    cancel = request_event(tmp_path, f"/api/v1/batch/{batch}/cancel")
    assert large.invoke("ApiFunction", cancel)["statusCode"] == 202
    found = until("the batch is cancelled", lambda: ended(api, batch))
    assert (found["done"], found["cancelled"]) == (1, ROWS - 1)
    assert found["zipUrl"]


def ended(api: httpx.Client, batch: str) -> Any:
    found = ask(api, "GET", f"/api/batch/{batch}", 200)
    return found if found["finishedAt"] else None
