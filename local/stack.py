"""The life cycle of a local stack: up, described in a JSON file, down."""

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from local import paths
from local.build import build
from local.config import ACCESS_KEY, REGION, SECRET_KEY, Config
from local.deploy import deploy, session
from local.emulator import Emulator
from local.patch import patch
from local.relay import HOST_OF_CONTAINERS

OUTPUTS = {
    "bucket": "BucketName",
    "table": "TableName",
    "itemQueueUrl": "ItemQueueUrl",
    "deadLetterQueueUrl": "DeadLetterQueueUrl",
    "intakeQueueUrl": "IntakeQueueUrl",
    "intakeDeadLetterQueueUrl": "IntakeDeadLetterQueueUrl",
    "stateMachineArn": "StateMachineArn",
    "webhookSecretArn": "WebhookSecretArn",
    "issuer": "Issuer",
    "userPoolId": "UserPoolId",
    "userPoolClientId": "UserPoolClientId",
}
"""The description's keys, and the template outputs they come from."""


def up(config: Config, home: Path) -> dict[str, Any]:
    """Build, start and deploy the missing parts; return the stack's description."""
    emulator = Emulator(config.port, home, config.wait_scale)
    if emulator.process() and emulator.answers():
        wanted, state = _digest(config, build()), _read(home / "stack.json")
        if state.get("digest") == wanted:
            return dict(state["description"])
    # A running stack is replaced, so that a changed template is tested as a new stack.
    try:
        template = _start_and_build(emulator)
        description = _deploy(config, template)
    except BaseException:
        emulator.stop()
        raise
    wanted = _digest(config, template)
    _write(home / "stack.json", {"digest": wanted, "description": description})
    return description


def _start_and_build(emulator: Emulator) -> Path:
    """Side by side: the build does not need the emulator."""
    with ThreadPoolExecutor(max_workers=1) as beside:
        starting = beside.submit(emulator.start)
        template = build()
        starting.result()
    return template


def was_lost(port: int, home: Path) -> bool:
    """Whether an emulator that has ended on its own left a stack here."""
    return (home / "stack.json").exists() and Emulator(port, home).process() is None


def down(port: int, home: Path) -> None:
    Emulator(port, home).stop()


def _deploy(config: Config, template: Path) -> dict[str, Any]:
    deploy(config, template)
    resources = _resources(config)
    patch(config, resources)
    return _describe(config, resources)


def _resources(config: Config) -> dict[str, dict[str, str]]:
    client = session().client("cloudformation", endpoint_url=config.endpoint)
    found = client.describe_stack_resources(StackName=config.stack)["StackResources"]
    return {
        r["LogicalResourceId"]: {"type": r["ResourceType"], "name": r["PhysicalResourceId"]}
        for r in found
    }


def _describe(config: Config, resources: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    client = session().client("cloudformation", endpoint_url=config.endpoint)
    stack = client.describe_stacks(StackName=config.stack)["Stacks"][0]
    outputs = {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", [])}
    told = {key: outputs[name] for key, name in OUTPUTS.items() if outputs.get(name)}
    functions = {
        logical: resource["name"]
        for logical, resource in resources.items()
        if resource["type"] == "AWS::Lambda::Function"
    }
    return {
        "apiUrl": config.api_url,
        "webUrl": config.web_url,
        "endpointUrl": config.endpoint,
        "region": REGION,
        "accessKeyId": ACCESS_KEY,
        "secretAccessKey": SECRET_KEY,
        **told,
        "functions": functions,
    }


def _digest(config: Config, template: Path) -> str:
    parts = (asdict(config), str(template))
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text())) if path.exists() else {}


def _write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n")


def register(port: int, description: Mapping[str, Any]) -> None:
    """Write the description where other programs look for it: one file per port, and one for the
    latest.
    """
    _write(paths.ENVIRONMENTS, environments(description, HOST_OF_CONTAINERS))
    for path in (paths.description(port), paths.STACK):
        _write(path, description)


def unregister(port: int) -> None:
    mine = _read(paths.description(port))
    paths.description(port).unlink(missing_ok=True)
    if mine and _read(paths.STACK) == mine:
        paths.STACK.unlink()
        paths.ENVIRONMENTS.unlink(missing_ok=True)


def environments(description: Mapping[str, Any], host: str) -> dict[str, dict[str, str]]:
    """Return each function's environment as deployed, for `sam local invoke --env-vars`.

    `host` is this machine as seen from a container. It is an address, not a name, because for a
    name the SDK would use a virtual host name for buckets that no container could resolve.
    """
    client = session().client("lambda", endpoint_url=description["endpointUrl"])
    found = {}
    for logical, name in description["functions"].items():
        variables = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        endpoint = variables["AWS_ENDPOINT_URL"].replace("127.0.0.1", host)
        found[logical] = {**variables, "AWS_ENDPOINT_URL": endpoint}
    return found
