"""Generates examples of requests, responses and events from the OpenAPI document."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

EVENTS = """id: 41
retry: 500
event: item
data: {"index": 6, "custom_id": "row-0008", "row": 8, "status": "succeeded", "file": "Volvo-XC90.png", …}

id: 42
event: progress
data: {"batch_id": "5f0c…", "status": "processing", "total": 50, "succeeded": 7, "percent": 14, "cost": "0.35", …}

id: 133
event: completed
data: {"batch_id": "5f0c…", "status": "completed", "outcome": "partial", "zip_url": "https://…", "total": 50, …}"""  # noqa: E501 - one event, one line
IDS = {
    "batch_id": "$BATCH",
    "folder_id": "$FOLDER",
    "variant_id": "1001",
    "schema_key": "product-shot",
}
DEPTH = 6

type Node = Mapping[str, Any]


def curl(document: Node, method: str, path: str, operation: Node) -> str:
    """As it is typed into a shell; the first way of sending a body is shown."""
    parts = [f'curl "$API{path.format_map(_Ids())}{_query(operation)}"']
    content = operation.get("requestBody", {}).get("content", {})
    if method.upper() != ("POST" if content else "GET"):
        parts.append(f"-X {method.upper()}")
    if operation["security"] == [{"bearer": []}]:
        parts.append('-H "Authorization: Bearer $TOKEN"')
    if "302" in operation["responses"]:
        parts.append("-L -o batch.zip")
    parts += _body(document, content)
    return " \\\n  ".join(parts)


class _Ids(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return IDS.get(name, f"${name.upper()}")


def _query(operation: Node) -> str:
    return "?access_token=$TOKEN" if operation["security"] == [{"query": []}] else ""


def _body(document: Node, content: Node) -> list[str]:
    if not content:
        return []
    kind, body = next(iter(content.items()))
    if kind == "multipart/form-data":
        fields = [n for n in body["schema"]["required"] if n != "file"]
        return [*(f"-F {name}=product" for name in fields), "-F file=@" + _file(body["schema"])]
    example = body.get("example") or sample(document, body["schema"])
    return [f'-H "Content-Type: {kind}"', f"-d '{json.dumps(example, ensure_ascii=False)}'"]


def _file(schema: Node) -> str:
    return "cars.csv" if "kind" not in schema["required"] else "chair.png"


def sample(document: Node, schema: Node, depth: int = 0) -> Any:
    """Return a value that the schema describes: its example, or the simplest one."""
    if isinstance(schema.get("type"), list):
        schema = {**schema, "type": schema["type"][0]}
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return sample(document, document["components"]["schemas"][name], depth)
    if values := _declared_values(schema):
        return values[0]
    if "anyOf" in schema:
        return sample(document, schema["anyOf"][0], depth)
    if depth > DEPTH:
        return None
    if schema.get("type") == "object":
        fields = schema.get("properties", {}).items()
        return {name: sample(document, field, depth + 1) for name, field in fields}
    if schema.get("type") == "array":
        return [sample(document, schema.get("items", {}), depth + 1)]
    return _scalar(schema)


def _declared_values(schema: Node) -> Sequence[Any]:
    constant = [schema["const"]] if "const" in schema else []
    return schema.get("examples") or schema.get("enum") or constant


def _scalar(schema: Node) -> Any:
    if schema.get("format") == "date-time":
        return "2026-01-05T09:00:00.000Z"
    if schema.get("format") == "uri":
        return "https://example.com/…"
    kinds = {"integer": schema.get("minimum", 0), "number": 1.5, "boolean": True, "null": None}
    return kinds.get(schema.get("type", ""), "…")
