"""Optional fields of a JSON request also accept null; this adds it to the document."""

from collections.abc import Iterator
from typing import Any

type Schema = dict[str, Any]


def allow_nulls(document: Schema) -> None:
    """Change the schemas of the JSON request bodies in place."""
    schemas = document["components"]["schemas"]
    for schema in _requested(document, schemas):
        properties = schema.get("properties", {})
        for name in properties.keys() - set(schema.get("required", [])):
            properties[name] = _or_null(properties[name], schemas)


def _requested(document: Schema, schemas: Schema) -> list[Schema]:
    """Yield each schema used in a JSON body, once."""
    found: dict[int, Schema] = {}
    waiting = list(_bodies(document))
    while waiting:
        schema = waiting.pop()
        if id(schema) not in found:
            found[id(schema)] = schema
            waiting += _parts(schema, schemas)
    return list(found.values())


def _bodies(document: Schema) -> Iterator[Schema]:
    for methods in document["paths"].values():
        for operation in methods.values():
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" in content:
                yield content["application/json"]["schema"]


def _parts(schema: Schema, schemas: Schema) -> Iterator[Schema]:
    if "$ref" in schema:
        yield _target(schema, schemas)
    yield from schema.get("properties", {}).values()
    yield from schema.get("anyOf", [])
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield schema[key]


def _target(schema: Schema, schemas: Schema) -> Schema:
    target: Schema = schemas[schema["$ref"].rpartition("/")[2]]
    return target


def _or_null(schema: Schema, schemas: Schema) -> Schema:
    if _takes_null(schema, schemas):
        return schema
    if isinstance(schema.get("type"), str) and "enum" not in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def _takes_null(schema: Schema, schemas: Schema) -> bool:
    if "$ref" in schema:
        return _takes_null(_target(schema, schemas), schemas)
    kinds = schema.get("type", [])
    return (
        "null" in ([kinds] if isinstance(kinds, str) else kinds)
        or any(_takes_null(each, schemas) for each in schema.get("anyOf", []))
        or not schema
    )
