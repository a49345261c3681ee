"""Lets a command take options in groups, which Typer does not know."""

import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from functools import wraps
from typing import Any

import typer


def add_commands(app: typer.Typer, *commands: Callable[..., Any]) -> None:
    """Add commands under their functions' names, without an underscore at the end."""
    for command in commands:
        app.command(command.__name__.rstrip("_"))(expand_groups(command))


def expand_groups(command: Callable[..., Any]) -> Callable[..., Any]:
    """Replace each parameter that is a group by the group's fields, in their order.

    A group is a dataclass whose fields are annotated as Typer's options.
    """
    signature = inspect.signature(command)
    groups: dict[str, Any] = {}
    parameters: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        if is_dataclass(parameter.annotation):
            groups[parameter.name] = parameter.annotation
            parameters += _options_of(parameter.annotation)
        else:
            parameters.append(parameter)

    @wraps(command)
    def expanded(**given: Any) -> Any:
        for name, group in groups.items():
            given[name] = group(**{each.name: given.pop(each.name) for each in fields(group)})
        return command(**given)

    expanded.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined] # read by inspect.signature
    return expanded


def _options_of(group: Any) -> list[inspect.Parameter]:
    return [
        inspect.Parameter(
            each.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if each.default is MISSING else each.default,
            annotation=each.type,
        )
        for each in fields(group)
    ]
