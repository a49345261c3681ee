"""Generates the OpenAPI 3.1 document: `python -m imagebatch.api.openapi FOLDER`.

It is generated when the code is built, not when the API starts: `make` and `sam build` run this.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from imagebatch import __version__
from imagebatch.api.apidocs import page
from imagebatch.api.build import all_routes
from imagebatch.api.openapi_forms import with_file
from imagebatch.api.openapi_models import REF, SpelledModels
from imagebatch.api.openapi_nulls import allow_nulls
from imagebatch.api.parameters import FileForm
from imagebatch.api.routing import Route
from imagebatch.data import FOLDER, data_text
from imagebatch.domain.model_entries import parse_registry
from imagebatch.schemas.answers import Problem
from imagebatch.schemas.progress_events import EVENTS

UNAUTHORIZED = {
    "description": "No token or an invalid one; the gateway's own response",
    "content": {
        "application/json": {
            "schema": {"type": "object", "properties": {"message": {"type": "string"}}}
        }
    },
}
PROBLEM = {
    "description": "A problem document",
    "content": {"application/problem+json": {"schema": {"$ref": REF.format(model="Problem")}}},
}


def document() -> dict[str, Any]:
    models = SpelledModels(all_routes(), [Problem], EVENTS)
    paths: dict[str, dict[str, Any]] = {}
    for route in all_routes():
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, models)
    made = {
        "openapi": "3.1.0",
        "info": {
            "title": "imagebatch",
            "version": __version__,
            "description": "Submit a sheet, get one image per row and one ZIP.",
        },
        "paths": paths,
        "components": {
            "schemas": models.schemas,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "query": {"type": "apiKey", "in": "query", "name": "access_token"},
            },
        },
    }
    _name_what_is_known(made)
    allow_nulls(made)
    return made


def _operation(route: Route, models: SpelledModels) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": route.id,
        "tags": [route.tag],
        "summary": route.summary,
        "responses": _responses(route, models),
        "security": [] if route.public else [{route.scheme: []}],
    }
    if route.description:
        described["description"] = route.description
    if route.parameters:
        described["parameters"] = list(route.parameters)
    if route.request:
        content = {
            kind: {"schema": _body(body, route, models)} for kind, body in route.request.items()
        }
        if route.example is not None:
            content["application/json"]["example"] = route.example
        described["requestBody"] = {"required": not route.optional_body, "content": content}
    return described


def _responses(route: Route, models: SpelledModels) -> dict[str, Any]:
    responses = {str(s): _response(s, route, models) for s in route.returns}
    for status, example in route.examples.items():
        responses[str(status)]["content"]["application/json"]["example"] = example
    for status, links in route.links.items():
        responses[str(status)]["links"] = dict(links)
    for status in [*route.errors, *([] if route.public else [500, 503])]:
        responses[str(status)] = PROBLEM
    if not route.public:
        responses["401"] = UNAUTHORIZED
    return responses


def _response(status: int, route: Route, models: SpelledModels) -> dict[str, Any]:
    described: dict[str, Any] = {"description": {202: "Accepted"}.get(status, "Answer")}
    body = route.returns[status]
    if isinstance(body, Mapping):
        described["content"] = {kind: {"schema": schema} for kind, schema in body.items()}
    elif body is not None:
        described["content"] = {"application/json": {"schema": models.ref(route, body)}}
    if status in {202, 302}:
        described["headers"] = {"Location": {"schema": {"type": "string", "format": "uri"}}}
    return described


def _body(body: Any, route: Route, models: SpelledModels) -> dict[str, Any]:
    if isinstance(body, FileForm):
        return with_file(body.model, body.file)
    if isinstance(body, Mapping):
        return dict(body)
    return models.request_ref(route, body)


def _name_what_is_known(document: dict[str, Any]) -> None:
    """Models and settings forms are data: insert their names where a request may use one."""
    registry = parse_registry(data_text("models.toml"))
    examples = [model.id for model in registry.models.values() if not model.retired]
    about = "`GET /api/models` lists the models. Omitted, empty or `claude` is the default."
    named = {"type": "string", "description": about, "examples": examples}
    schemas = document["components"]["schemas"]
    for name in ("CarUpload", "PromptBatch", "VariantBatchRequest"):
        schemas[name]["properties"]["model"] = {**named, "type": ["string", "null"]}
    form = document["paths"]["/api/car-batch"]["post"]["requestBody"]["content"]
    fields = form["multipart/form-data"]["schema"]["properties"]
    fields["model"] = named
    forms = sorted(each.stem for each in (FOLDER / "schemas").iterdir())
    schemas["VariantSettings"]["properties"]["schemaKey"]["enum"] = forms


def write(folder: Path) -> None:
    made = document()
    text = json.dumps(made, indent=1, ensure_ascii=False) + "\n"
    (folder / "openapi.json").write_text(text, "utf-8")
    (folder / "docs.html").write_text(page(made), "utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
