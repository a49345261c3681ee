"""The models of the routes as JSON Schemas, each in the spelling of its API."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import models_json_schema

from imagebatch.api.routing import Route

REF = "#/components/schemas/{model}"
V1 = "V1"

type Schemas = dict[str, Any]


class SpelledModels:
    """A model that two APIs spell differently is there twice, as `Batch` and `BatchV1`."""

    def __init__(
        self, routes: Iterable[Route], others: Iterable[type[BaseModel]], plain: Iterable[type]
    ) -> None:
        routes = list(routes)
        camel = [*others, *_responses(routes, snake_case=False)]
        found = _schemas(camel, "serialization")
        snake = _schemas(_responses(routes, snake_case=True), "serialization", by_alias=False)
        self._renamed = _different(snake, found)
        for name, schema in snake.items():
            found[self._renamed.get(name, name)] = _renamed(schema, self._renamed)
        found |= _schemas(_requests(routes), "validation")
        found |= _plain_schemas(plain)
        self._shared = set(_requests(routes, snake_case=True)) & set(
            _requests(routes, snake_case=False)
        )
        in_v1 = _schemas(self._shared, "validation", by_alias=False)
        found |= {each.__name__ + V1: in_v1[each.__name__] for each in self._shared}
        # Generators name a class after its title.
        self.schemas: Schemas = {
            name: {**without_defaults(found[name]), "title": name} for name in sorted(found)
        }

    def ref(self, route: Route, model: type[BaseModel]) -> dict[str, str]:
        name = model.__name__
        return {
            "$ref": REF.format(model=self._renamed.get(name, name) if route.snake_case else name)
        }

    def request_ref(self, route: Route, model: type[BaseModel]) -> dict[str, str]:
        in_v1 = route.snake_case and model in self._shared
        return {"$ref": REF.format(model=model.__name__ + V1 if in_v1 else model.__name__)}


def without_defaults(schema: Any) -> Any:
    """openapi-typescript treats a property with a default as required."""
    if isinstance(schema, list):
        return [without_defaults(each) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    made = {name: without_defaults(value) for name, value in schema.items() if name != "default"}
    if "properties" in schema:
        fields = schema["properties"].items()
        made["properties"] = {name: without_defaults(field) for name, field in fields}
    if schema.get("default") not in (None, "", {}, []) and not isinstance(schema["default"], dict):
        made["description"] = (
            f"{schema.get('description', '')} Default: {schema['default']}.".strip()
        )
    return made


def _responses(routes: Iterable[Route], *, snake_case: bool) -> list[type[BaseModel]]:
    bodies = [b for r in routes if r.snake_case is snake_case for b in r.returns.values()]
    return [body for body in bodies if isinstance(body, type)]


def _requests(routes: Iterable[Route], *, snake_case: bool | None = None) -> list[type[BaseModel]]:
    """Of the routes in this spelling, or of all."""
    asked = [r for r in routes if snake_case is None or r.snake_case is snake_case]
    bodies = [body for route in asked for body in route.request.values()]
    return [body for body in bodies if isinstance(body, type)]


def _schemas(
    models: Iterable[type[BaseModel]],
    mode: Literal["validation", "serialization"],
    *,
    by_alias: bool = True,
) -> Schemas:
    ordered = sorted(set(models), key=lambda model: model.__name__)
    _, found = models_json_schema(
        [(model, mode) for model in ordered], ref_template=REF, by_alias=by_alias
    )
    return dict(found["$defs"])


def _plain_schemas(types: Iterable[type]) -> Schemas:
    mode: Literal["serialization"] = "serialization"
    adapters = [(each.__name__, mode, TypeAdapter[Any](each)) for each in types]
    _, found = TypeAdapter.json_schemas(adapters, ref_template=REF)
    return dict(found["$defs"])


def _different(snake: Schemas, camel: Schemas) -> dict[str, str]:
    """Return new names for the schemas that differ, directly or in what they refer to."""
    names = {name for name in snake if name in camel and snake[name] != camel[name]}
    while more := {n for n in snake if n in camel and _refers(snake[n], names)} - names:
        names |= more
    return {name: name + V1 for name in names}


def _refers(schema: Any, names: set[str]) -> bool:
    if isinstance(schema, Mapping):
        target = str(schema.get("$ref", "")).rsplit("/", 1)[-1]
        return target in names or any(_refers(value, names) for value in schema.values())
    return isinstance(schema, list) and any(_refers(value, names) for value in schema)


def _renamed(schema: Any, names: Mapping[str, str]) -> Any:
    if isinstance(schema, list):
        return [_renamed(each, names) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    made = {key: _renamed(value, names) for key, value in schema.items()}
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        made["$ref"] = REF.format(model=names.get(name, name))
    return made
