"""Makes the OpenAPI 3.1 document: `python -m imagebatch.api.openapi` writes data/openapi.json.

It is made when the code changes, not when the API starts, and a test compares the two.
"""

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

from imagebatch.api.apidocs import page
from imagebatch.api.build import all_routes
from imagebatch.api.openapi_forms import with_file
from imagebatch.api.openapi_prompts import PROMPT_OPERATIONS
from imagebatch.api.openapi_variants import VARIANT_OPERATIONS
from imagebatch.api.operations import (
    BATCH_ID,
    CURSOR,
    IDEMPOTENCY_KEY,
    ITEM_CURSOR,
    LIMIT,
    REF,
    Operation,
    batch_links,
    query,
)
from imagebatch.api.routing import Route
from imagebatch.domain.batch import BatchStatus, Kind
from imagebatch.domain.model_registry import DEFAULT_ALIASES, parse_registry
from imagebatch.schemas import answers, requests

VERSION = "1.0.0"
CSV_FILE = {"type": "string", "contentMediaType": "text/csv"}
UNAUTHORIZED = {
    "description": "No token or a wrong one, in the gateway's words",
    "content": {
        "application/json": {
            "schema": {"type": "object", "properties": {"message": {"type": "string"}}}
        }
    },
}

OPERATIONS: list[Operation] = [
    Operation(
        method="post",
        path="/api/car-batch",
        id="createCarBatch",
        tag="Car batches",
        summary="Submit a sheet of cars",
        description="Answers at once; the images are made afterwards. `dryRun` creates nothing.",
        parameters=[IDEMPOTENCY_KEY],
        request={
            "multipart/form-data": with_file(requests.CarOptions, CSV_FILE),
            "text/csv": CSV_FILE,
            "application/octet-stream": {"type": "string", "format": "binary"},
            "application/json": requests.CarUpload,
        },
        returns={200: answers.Preview, 202: answers.CarBatchAccepted},
        links={202: batch_links("jobId")},
        errors=[400, 402, 404, 409, 413, 415, 422, 429],
    ),
    Operation(
        method="get",
        path="/api/batch/{batch_id}",
        id="getBatch",
        tag="Car batches",
        summary="The status of a batch",
        parameters=[BATCH_ID],
        returns={200: answers.BatchAnswer},
        errors=[404],
    ),
    Operation(
        method="get",
        path="/api/v1/batch",
        id="listBatches",
        tag="Batches",
        summary="Your batches of every kind, newest first",
        parameters=[
            LIMIT,
            CURSOR,
            query("status", {"type": "string", "enum": [*BatchStatus]}),
            query("kind", {"type": "string", "enum": [*Kind]}),
        ],
        returns={200: answers.BatchListV1},
        errors=[400],
    ),
    Operation(
        method="get",
        path="/api/v1/batch/{batch_id}/status",
        id="getBatchStatus",
        tag="Batches",
        summary="A batch with the states of its items",
        parameters=[BATCH_ID, LIMIT, ITEM_CURSOR],
        returns={200: answers.StatusV1},
        errors=[400, 404],
    ),
    Operation(
        method="get",
        path="/api/v1/batch/{batch_id}/download",
        id="downloadBatch",
        tag="Batches",
        summary="The archive",
        parameters=[BATCH_ID],
        returns={302: None},
        errors=[404, 409, 410],
    ),
    Operation(
        method="post",
        path="/api/v1/batch/{batch_id}/cancel",
        id="cancelBatch",
        tag="Batches",
        summary="Cancel a batch",
        parameters=[BATCH_ID],
        returns={202: answers.BatchV1},
        errors=[404, 409],
    ),
    Operation(
        method="post",
        path="/api/batches/{batch_id}/retry",
        id="retryBatch",
        tag="Batches",
        summary="Run what failed again, as the next round",
        description="Or builds the archive anew where it failed or expired. Under an "
        "Idempotency-Key that was used already it opens nothing and answers with the batch.",
        parameters=[BATCH_ID, IDEMPOTENCY_KEY],
        returns={202: answers.BatchAnswer},
        errors=[400, 404, 409, 422],
    ),
    *PROMPT_OPERATIONS,
    *VARIANT_OPERATIONS,
]


def operations() -> Iterator[Operation | Route]:
    yield from OPERATIONS
    yield from all_routes()


def document() -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations():
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    made = {
        "openapi": "3.1.0",
        "info": {
            "title": "imagebatch",
            "version": VERSION,
            "description": "A sheet of rows in, one image per row out, one ZIP to download.",
        },
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "query": {"type": "apiKey", "in": "query", "name": "access_token"},
            },
        },
    }
    _name_what_is_known(made)
    return made


def _operation(operation: Operation | Route) -> dict[str, Any]:
    responses = {str(s): _answer(s, body) for s, body in operation.returns.items()}
    for status, sample in operation.examples.items():
        responses[str(status)]["content"]["application/json"]["example"] = sample
    for status, links in operation.links.items():
        responses[str(status)]["links"] = dict(links)
    problem = {"application/problem+json": {"schema": _schema(answers.Problem)}}
    for status in [*operation.errors, *([] if operation.public else [500, 503])]:
        responses[str(status)] = {"description": "A problem document", "content": problem}
    if not operation.public:
        responses["401"] = UNAUTHORIZED
    described: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "responses": responses,
        "security": [] if operation.public else [{operation.scheme: []}],
    }
    if operation.description:
        described["description"] = operation.description
    if operation.parameters:
        described["parameters"] = list(operation.parameters)
    if operation.request:
        content = {kind: {"schema": _schema(body)} for kind, body in operation.request.items()}
        if operation.example is not None:
            content["application/json"]["example"] = operation.example
        described["requestBody"] = {"required": True, "content": content}
    return described


def _answer(status: int, body: Any) -> dict[str, Any]:
    described: dict[str, Any] = {"description": {202: "Accepted"}.get(status, "Answer")}
    if isinstance(body, dict):
        described["content"] = {kind: {"schema": schema} for kind, schema in body.items()}
    elif body is not None:
        described["content"] = {"application/json": {"schema": _schema(body)}}
    if status in {202, 302}:
        described["headers"] = {"Location": {"schema": {"type": "string", "format": "uri"}}}
    return described


def _schema(body: Any) -> dict[str, Any]:
    if isinstance(body, Mapping):
        return dict(body)
    return {"$ref": REF.format(model=body.__name__)}


def _schemas() -> dict[str, Any]:
    bodies = [b for o in operations() for b in (*o.request.values(), *o.returns.values())]
    models = {answers.Problem, *(b for b in bodies if isinstance(b, type))}
    ordered = sorted(models, key=lambda model: model.__name__)
    _, found = models_json_schema([(model, "validation") for model in ordered], ref_template=REF)
    return dict(sorted(found["$defs"].items()))


def _name_what_is_known(document: dict[str, Any]) -> None:
    """Models and settings forms are data: their names are put in where a request may have one."""
    registry = parse_registry((files("imagebatch.data") / "models.toml").read_text("utf-8"))
    names = [*registry.models, *sorted(DEFAULT_ALIASES)]
    about = "Omitted, empty or `claude` is the default."
    schemas = document["components"]["schemas"]
    for name in ("CarUpload", "PromptBatch", "VariantBatchRequest"):
        schemas[name]["properties"]["model"] = {"enum": [*names, None], "description": about}
    form = document["paths"]["/api/car-batch"]["post"]["requestBody"]["content"]
    fields = form["multipart/form-data"]["schema"]["properties"]
    fields["model"] = {"type": "string", "enum": names, "description": about}
    forms = sorted(each.stem for each in Path(str(files("imagebatch.data") / "schemas")).iterdir())
    schemas["VariantSettings"]["properties"]["schemaKey"]["enum"] = forms


def text() -> str:
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


def write() -> None:
    data = Path(str(files("imagebatch.data")))
    (data / "openapi.json").write_text(text(), "utf-8")
    (data / "docs.html").write_text(page(document()), "utf-8")


if __name__ == "__main__":
    write()
