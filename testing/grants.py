"""The permissions that the template grants each role, and the calls made with them."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

from testing.aws_calls import Call
from tests.template.rendering import Node, Rendered


def as_list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def granted(template: Rendered, owner: str) -> set[tuple[str, str]]:
    return {
        (action, resource)
        for statement in template.statements(owner)
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    }


def as_in_the_template(resource: str, names: Node) -> str:
    bucket, _, key = resource.partition("/")
    if resource in names:
        return str(names[resource])
    if bucket in names:
        return f"{names[bucket]}/{key}"
    if ":execution:" in resource:
        name, run = "<FinalizerStateMachine.Name>", resource.rsplit(":", maxsplit=1)[-1]
        return f"arn:aws:states:eu-west-1:123456789012:execution:{name}:{run}"
    return resource


def used(
    calls: list[Call], signers: dict[str, str], names: Node
) -> dict[str, set[tuple[str, str]]]:
    found: dict[str, set[tuple[str, str]]] = {function: set() for function in signers.values()}
    for call in calls:
        if call.signer in signers and call.status != 403:
            resource = as_in_the_template(call.resource, names)
            found[signers[call.signer]].add((call.action, resource))
    return found


def allowed(action: str, resource: str, by: Iterable[tuple[str, str]]) -> bool:
    return any(action == a and fnmatchcase(resource, r) for a, r in by)


def spare(template: Rendered, function: str, asked: set[tuple[str, str]]) -> set[tuple[str, str]]:
    return {
        (action, resource)
        for action, resource in granted(template, function)
        if not any(a == action and fnmatchcase(r, resource) for a, r in asked)
    }
