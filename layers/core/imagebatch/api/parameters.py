"""Parameters and links that several routes share."""

from collections.abc import Mapping
from typing import Any

from imagebatch.domain.statuses import BatchStatus, Kind
from imagebatch.structs import Struct

ID = "^[0-9a-f]{32}$"

BATCH_ID = {
    "name": "batch_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": ID},
    "description": "The ID of a batch: `jobId` in the car API, `batch_id` in the v1 API.",
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"\S"},
    "description": "Repeating a request with the same key and content within 24 hours returns "
    "the first response.",
}


CSV_TEXT = {"type": "string", "contentMediaType": "text/csv"}
CSV_FILE = {"type": "string", "format": "binary", "contentMediaType": "text/csv"}
BINARY = {"type": "string", "format": "binary"}


class FileForm(Struct, frozen=True):
    """A multipart form: a model's fields, and a file."""

    model: type
    file: Mapping[str, Any]


_OF_A_BATCH = {
    "status": "getBatch",
    "items": "getBatchStatus",
    "folders": "getBatchWithVariants",
    "progress": "watchBatch",
    "archive": "downloadBatch",
    "cancel": "cancelBatch",
    "retry": "retryBatch",
}


def path(name: str, schema: Mapping[str, Any], description: str) -> dict[str, Any]:
    """A path variable."""
    return {
        "name": name,
        "in": "path",
        "required": True,
        "schema": dict(schema),
        "description": description,
    }


def query(name: str, schema: Mapping[str, Any], description: str = "") -> dict[str, Any]:
    """A query parameter; an empty one counts as missing."""
    return {
        "name": name,
        "in": "query",
        "schema": dict(schema),
        "description": description,
        "allowEmptyValue": True,
    }


def link(operation: str, **parameters: str) -> dict[str, Any]:
    """A link from a response: parameters of another operation, by their place in the response."""
    found = {name: f"$response.body#/{pointer}" for name, pointer in parameters.items()}
    return {"operationId": operation, "parameters": found}


def batch_links(pointer: str) -> dict[str, Any]:
    """Every operation on a batch whose ID the response contains."""
    return {name: link(id_, batch_id=pointer) for name, id_ in _OF_A_BATCH.items()}


LIMIT = query("limit", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20})
CURSOR = query("cursor", {"type": "string"}, "The cursor from the previous page.")
ITEM_CURSOR = query(
    "cursor", {"type": "string", "pattern": "^[0-9]{1,6}$"}, "The cursor from the previous page."
)
STATUS = query("status", {"type": "string", "enum": [*BatchStatus]})
KIND = query("kind", {"type": "string", "enum": [*Kind]})
NAME_PART = query(
    "q", {"type": "string", "maxLength": 200}, "A part of the name, case-insensitive."
)
