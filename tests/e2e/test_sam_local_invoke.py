"""The events of events/ against the functions: on the emulator, and by `sam local invoke`."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local import paths
from local.build import build, read_template
from local.config import architecture
from local.relay import bridge_address, relay
from local.stack import environments
from testing.scenario import until
from tests.conftest import Aws, Stack

FUNCTIONS = {
    name: resource["Properties"]["CodeUri"].strip("/").rpartition("/")[2]
    for name, resource in read_template()["Resources"].items()
    if resource["Type"] == "AWS::Serverless::Function" and "Condition" not in resource
}
"""Logical id -> the name of its folder and of its event."""

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


@pytest.fixture(scope="module")
def variables(
    image: list[str], stack: Stack, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """The deployed functions' environments, with an address that a container reaches."""
    file = tmp_path_factory.mktemp("invoke") / "env.json"
    file.write_text(json.dumps(environments(stack, bridge_address())))
    with relay(int(stack["endpointUrl"].rpartition(":")[2])):
        yield file


@pytest.mark.parametrize("function", FUNCTIONS)
def test_sam_local_invoke_works_with_every_event(
    function: str, image: list[str], variables: Path, stack: Stack
) -> None:
    command = [
        paths.script(".venv-sam", "sam"), "local", "invoke", function,
        "--template", str(build()), "--event", str(event(function)),
        "--env-vars", str(variables), "--region", stack["region"],
        "--parameter-overrides", f"Architecture={architecture()} AwsEndpointUrl=http://emulator",
        *image,
    ]  # fmt: skip
    credentials = {
        "AWS_ACCESS_KEY_ID": stack["accessKeyId"],
        "AWS_SECRET_ACCESS_KEY": stack["secretAccessKey"],
        "SAM_CLI_TELEMETRY": "0",
    }
    done = subprocess.run(
        command, cwd=paths.ROOT, env={**os.environ, **credentials}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=180,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert is_success(json.loads(done.stdout.splitlines()[-1])), done.stdout + done.stderr
