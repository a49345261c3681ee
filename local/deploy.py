"""Deploys a packaged build into the emulator by a change set, as `sam deploy` does against AWS.

SAM itself takes seconds of a processor to start, for each stack of the tests. `make deploy` runs
it, and so does tests/e2e/test_deploy.py.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import WaiterError

from local.build import template_parameters
from local.config import ACCESS_KEY, REGION, SECRET_KEY, Config
from local.package import FILES, packaged

ARTIFACTS = "sam-artifacts"
POLLING = {"Delay": 0.1, "MaxAttempts": 3_000}


def session() -> boto3.Session:
    """The emulator's root user, who has every permission."""
    return boto3.Session(
        aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY, region_name=REGION
    )


def deploy(config: Config, template: Path) -> None:
    """RuntimeError with the reasons if the stack is not created."""
    known = template_parameters()
    given = {**config.parameters(), **_secrets(config)}
    client = session().client("cloudformation", endpoint_url=config.endpoint)
    created = client.create_change_set(
        StackName=config.stack,
        ChangeSetName="deploy",
        ChangeSetType="CREATE",
        TemplateURL=_upload(config, packaged(template)),
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[
            {"ParameterKey": name, "ParameterValue": value}
            for name, value in given.items()
            if name in known
        ],
        # The emulator uses this tag as the API's ID.
        Tags=[{"Key": "ms-custom-id", "Value": config.api_id}],
    )
    _wait(client, "change_set_create_complete", config.stack, ChangeSetName=created["Id"])
    client.execute_change_set(ChangeSetName=created["Id"])
    _wait(client, "stack_create_complete", config.stack)


def _wait(client: Any, state: str, stack: str, **named: str) -> None:
    try:
        client.get_waiter(state).wait(StackName=stack, WaiterConfig=POLLING, **named)
    except WaiterError as error:
        events = client.describe_stack_events(StackName=stack)["StackEvents"]
        failed = [each for each in events if each["ResourceStatus"].endswith("FAILED")]
        reasons = [f"{e['LogicalResourceId']}: {e.get('ResourceStatusReason')}" for e in failed]
        told = str(error.last_response.get("StatusReason", ""))
        lines = "\n".join([str(error), told, *reversed(reasons)])
        raise RuntimeError(f"the stack {stack} was not created:\n{lines}") from error


def _upload(config: Config, template: Path) -> str:
    """Upload what the template refers to, and the template; return the template's URL."""
    client = session().client("s3", endpoint_url=config.endpoint)
    client.create_bucket(Bucket=ARTIFACTS)

    def put(body: bytes) -> str:
        key = f"{config.stack}/{hashlib.sha256(body).hexdigest()[:32]}"
        client.put_object(Bucket=ARTIFACTS, Key=key, Body=body)
        return key

    content = json.loads(template.read_text())
    for resource in content["Resources"].values():
        properties = resource.get("Properties", {})
        for name in FILES & properties.keys():
            file = template.parent / properties[name]
            properties[name] = f"s3://{ARTIFACTS}/{put(file.read_bytes())}"
    return f"{config.endpoint}/{ARTIFACTS}/{put(json.dumps(content).encode())}"


def _secrets(config: Config) -> dict[str, str]:
    """Store the provider keys in the emulator's Secrets Manager; the template gets their ARNs."""
    client = session().client("secretsmanager", endpoint_url=config.endpoint)
    arns = {}
    for parameter, key in config.keys.items():
        name = f"{config.stack}/{parameter.removesuffix('SecretArn').lower()}"
        try:
            arns[parameter] = client.create_secret(Name=name, SecretString=key)["ARN"]
        except client.exceptions.ResourceExistsException:
            arns[parameter] = client.put_secret_value(SecretId=name, SecretString=key)["ARN"]
    return arns
