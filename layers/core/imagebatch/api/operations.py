"""What a route of the OpenAPI document is described with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from imagebatch.schemas.requests import ID

REF = "#/components/schemas/{model}"
BATCH_ID = {
    "name": "batch_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": ID},
    "description": "The id of a batch: `jobId` in the car API, `batch_id` in the v1 API.",
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"\S"},
    "description": "The same key and content within 24 hours returns the first answer.",
}


_OF_A_BATCH = {
    "status": "getBatch",
    "items": "getBatchStatus",
    "folders": "getBatchWithVariants",
    "progress": "watchBatch",
    "archive": "downloadBatch",
    "cancel": "cancelBatch",
    "retry": "retryBatch",
}


def query(name: str, schema: Mapping[str, Any], description: str = "") -> dict[str, Any]:
    """A query parameter; an empty one is as none at all."""
    return {
        "name": name,
        "in": "query",
        "schema": dict(schema),
        "description": description,
        "allowEmptyValue": True,
    }


def link(operation: str, **parameters: str) -> dict[str, Any]:
    """Where an answer leads: parameters of another operation by where the answer has them."""
    found = {name: f"$response.body#/{pointer}" for name, pointer in parameters.items()}
    return {"operationId": operation, "parameters": found}


def batch_links(pointer: str) -> dict[str, Any]:
    """Everything there is to do with a batch whose id the answer has."""
    return {name: link(id_, batch_id=pointer) for name, id_ in _OF_A_BATCH.items()}


LIMIT = query("limit", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20})
CURSOR = query("cursor", {"type": "string"}, "The cursor of the page before.")
ITEM_CURSOR = query(
    "cursor", {"type": "string", "pattern": "^[0-9]{1,6}$"}, "The cursor of the page before."
)


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One route. `request` is by media type, a model or a schema; `returns` by status, likewise."""

    method: str
    path: str
    id: str
    tag: str
    summary: str
    description: str = ""
    parameters: Sequence[Mapping[str, Any]] = ()
    request: Mapping[str, Any] = field(default_factory=dict)
    returns: Mapping[int, Any] = field(default_factory=dict)
    errors: Sequence[int] = ()
    public: bool = False
    scheme: str = "bearer"
    """The security scheme by which the token comes."""
    example: Any = None
    """A JSON request as a client would send it."""
    examples: Mapping[int, Any] = field(default_factory=dict)
    """Answers by status, as they would come back."""
    links: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    """By status and a name, what to ask for next."""
