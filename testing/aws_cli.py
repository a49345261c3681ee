"""A stand-in for the AWS CLI, for the commands in the documentation.

It validates a command against the AWS SDK's own models, like the AWS CLI, so a wrong service,
operation or option, or a missing option, is an error. `python -m testing.aws_cli SERVICE OPERATION
...` runs it against AWS_ENDPOINT_URL. Of `aws s3`, it supports `rb --force`.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import jmespath
from botocore import xform_name
from botocore.session import Session

S3_COMMANDS = {"cp", "ls", "rb", "rm", "sync"}
GLOBAL = {"query", "output", "region", "profile"}


class AwsUsageError(Exception):
    """The AWS CLI would reject this command."""


@dataclass(frozen=True)
class Command:
    service: str
    operation: str
    parameters: dict[str, Any]
    options: dict[str, str]


@cache
def _session() -> Session:
    return Session()


def parse(words: Sequence[str]) -> Command:
    """The words after `aws`."""
    service, operation, *rest = words
    if service == "s3":
        return _s3(operation, rest)
    model = _session().get_service_model(service)
    operations = {xform_name(name, "-"): name for name in model.operation_names}
    if operation not in operations:
        raise AwsUsageError(f"aws {service} has no {operation}")
    shape: Any = model.operation_model(operations[operation]).input_shape
    members = {xform_name(name, "-"): name for name in shape.members}
    parameters: dict[str, Any] = {}
    options: dict[str, str] = {}
    for name, values in _options(rest):
        if name in GLOBAL:
            [options[name]] = values
        elif name in members:
            parameters[members[name]] = _value(shape.members[members[name]], values)
        else:
            raise AwsUsageError(f"aws {service} {operation} has no --{name}")
    if missing := set(shape.required_members) - parameters.keys():
        raise AwsUsageError(f"aws {service} {operation} lacks {sorted(missing)}")
    return Command(service, xform_name(operations[operation]), parameters, options)


def _s3(operation: str, rest: Sequence[str]) -> Command:
    if operation not in S3_COMMANDS:
        raise AwsUsageError(f"aws s3 has no {operation}")
    return Command("s3", operation, {"words": list(rest)}, {})


def _options(words: Sequence[str]) -> list[tuple[str, list[str]]]:
    found: list[tuple[str, list[str]]] = []
    for word in words:
        if word.startswith("--"):
            found.append((word.removeprefix("--"), []))
        elif found:
            found[-1][1].append(word)
        else:
            raise AwsUsageError(f"what is {word}?")
    return found


def _value(shape: Any, words: list[str]) -> Any:
    if shape.type_name == "list":
        return [_item(shape.member, word) for word in words]
    text, *more = words  # `lambda invoke` has the output file after its last option
    if more and not more[0].startswith("/"):
        raise AwsUsageError(f"what is {more[0]}?")
    if text.startswith("file://"):
        text = Path(text.removeprefix("file://")).read_text().rstrip("\n")
    return {"integer": int, "boolean": bool}.get(shape.type_name, str)(text)


def _item(shape: Any, word: str) -> Any:
    """The shorthand Name=email,Value=x."""
    if shape.type_name != "structure":
        return word
    pairs = dict(part.split("=", 1) for part in word.split(","))
    if unknown := pairs.keys() - shape.members.keys():
        raise AwsUsageError(f"unknown {sorted(unknown)} in {word}")
    return pairs


def run(command: Command) -> str:
    if command.service == "s3":
        return _remove_bucket(command.parameters["words"])
    call = getattr(boto3.client(command.service), command.operation)  # type: ignore[call-overload]
    answer = call(**command.parameters)
    if query := command.options.get("query"):
        answer = jmespath.search(query, answer)
    if command.options.get("output") == "text":
        return "\n".join(map(str, answer if isinstance(answer, list) else [answer]))
    return json.dumps(answer, default=str)


def _remove_bucket(words: list[str]) -> str:
    name, force = words
    assert force == "--force"
    bucket = boto3.resource("s3").Bucket(name.removeprefix("s3://"))
    bucket.objects.all().delete()
    bucket.delete()
    return f"remove_bucket: {bucket.name}"


if __name__ == "__main__":
    print(run(parse(sys.argv[1:])))
