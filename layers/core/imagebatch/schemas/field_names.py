"""Fields in any spelling: `dryRun`, `dry_run` and `DRYRUN` are one option, and null means absent.

Only names that a model declares are matched; the content of the client's own mappings, such as
`metadata` or `settings.input`, is never changed.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, TypeAliasType, get_args, get_origin

from pydantic import BaseModel

from imagebatch.intake.field_problems import FieldProblem
from imagebatch.structs import Struct, field

MAX_UNKNOWN = 10
_MAX_NAME = 40


class NamedFields(Struct):
    """`data` uses the model's names; `unknown` are the others, as sent."""

    data: dict[str, Any] = field(default_factory=dict)
    problems: list[FieldProblem] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def named_fields(model: type[BaseModel], *sources: Mapping[str, Any]) -> NamedFields:
    """Return the fields of all sources; the same spelling in a later source replaces an earlier
    one.
    """
    found = NamedFields()
    merged = {name: value for source in sources for name, value in source.items()}
    spelled: dict[str, str] = {}
    for name, value in merged.items():
        known = _names(model).get(_fold(name))
        if known is None:
            found.unknown.append(name[:_MAX_NAME])
        elif value is None:
            continue
        elif known in found.data and found.data[known] != value:
            spellings = f"{spelled[known][:_MAX_NAME]} and {name[:_MAX_NAME]}"
            message = f"is set twice with different values, as {spellings}"
            found.problems.append(FieldProblem(known, message))
        else:
            spelled[known] = name
            found.data[known] = value
    for name, inner in _models(model).items():
        if name in found.data:
            found.data[name] = _inside(inner, name, found.data[name], found)
    return found


def unknown_fields_warning(unknown: list[str]) -> str:
    listed = ", ".join(unknown[:MAX_UNKNOWN])
    more = len(unknown) - MAX_UNKNOWN
    return f"Unknown fields are ignored: {listed}{f' and {more} more' if more > 0 else ''}."


def _inside(model: type[BaseModel], path: str, value: Any, found: NamedFields) -> Any:
    if isinstance(value, list):
        return [_inside(model, f"{path}.{n}", each, found) for n, each in enumerate(value)]
    if not isinstance(value, Mapping):
        return value
    inner = named_fields(model, value)
    found.unknown += [f"{path}.{name}" for name in inner.unknown]
    found.problems += [FieldProblem(f"{path}.{p.field}", p.message) for p in inner.problems]
    return inner.data


def _fold(name: str) -> str:
    return re.sub(r"[_-]", "", name).casefold()


@cache
def _names(model: type[BaseModel]) -> dict[str, str]:
    return {_fold(name): each.alias or name for name, each in model.model_fields.items()}


@cache
def _models(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """Return the fields that hold another model, or a list of them."""
    found = {}
    for name, each in model.model_fields.items():
        inner = next(_models_in(each.annotation), None)
        if inner is not None:
            found[each.alias or name] = inner
    return found


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, TypeAliasType):
        annotation = annotation.__value__
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    if get_origin(annotation) is dict:
        return  # its names belong to the client
    for part in get_args(annotation):
        yield from _models_in(part)
