"""Multipart forms in the OpenAPI document."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

METADATA = {
    "type": "string",
    "contentMediaType": "application/json",
    "description": "A JSON object of strings.",
}
REHEARSE = {
    "type": "string",
    "contentMediaType": "application/json",
    "description": "A JSON object: simulated outcomes of rows, in development mode.",
}
FALLBACK = {"type": "string", "description": "Model IDs, separated by commas."}


def with_file(model: type[BaseModel], file: Mapping[str, Any]) -> dict[str, Any]:
    """A multipart form: the options as fields, `metadata` as JSON text, next to the file."""
    schema = model.model_json_schema(ref_template="{model}")
    own = {name: field for name, field in schema["properties"].items() if name != "uploadId"}
    fields = {name: _as_field(field, schema["$defs"]) for name, field in own.items()}
    fields |= {"metadata": METADATA, "fallback": FALLBACK, "rehearse": REHEARSE}
    return {"type": "object", "properties": {"file": dict(file), **fields}, "required": ["file"]}


def _as_field(schema: Mapping[str, Any], named: Mapping[str, Any]) -> dict[str, Any]:
    """The schema as a form field: text, and no null."""
    described = {k: v for k, v in schema.items() if k not in {"$ref", "default"}}
    described |= named.get(schema.get("$ref", ""), {})
    kinds = [
        named.get(each.get("$ref", ""), each)
        for each in described.pop("anyOf", [])
        if each.get("type") not in {"null", "number"}
    ]
    return described | (kinds[0] if kinds else {})
