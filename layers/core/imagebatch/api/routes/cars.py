"""POST /api/car-batch: a sheet of cars, three ways of sending it."""

import json
from dataclasses import dataclass
from typing import Any

from imagebatch.api.http import (
    body_of,
    content_type_of,
    form_of,
    json_object_of,
    refuse_long_body,
    unsupported_media_type,
)
from imagebatch.api.parameters import (
    BINARY,
    CSV_FILE,
    CSV_TEXT,
    IDEMPOTENCY_KEY,
    FileForm,
    batch_links,
)
from imagebatch.api.request import Request
from imagebatch.api.response import Reply
from imagebatch.api.routing import Routes
from imagebatch.domain.errors import InvalidRequestError
from imagebatch.domain.model_registry import Quality
from imagebatch.schemas.answers import CarBatchAccepted, Preview
from imagebatch.schemas.requests import CarOptions, CarUpload, from_text, parsed
from imagebatch.schemas.views import preview_items
from imagebatch.usecases.idempotency import Result, fingerprint
from imagebatch.usecases.submit_batch import Submission

BODY_BYTES = 4 * 1024 * 1024
RAW_TYPES = frozenset({"text/csv", "application/octet-stream"})


@dataclass(frozen=True, slots=True)
class SentSheet:
    body: bytes
    fields: dict[str, Any]


routes = Routes("Car batches")


@routes.post(
    "/api/car-batch",
    id="createCarBatch",
    summary="Submit a sheet of cars",
    description="Answers at once; the images are made afterwards. `dryRun` creates nothing.",
    parameters=[IDEMPOTENCY_KEY],
    request={
        "multipart/form-data": FileForm(CarOptions, CSV_FILE),
        "text/csv": CSV_TEXT,
        "application/octet-stream": BINARY,
        "application/json": CarUpload,
    },
    returns={200: Preview, 202: CarBatchAccepted},
    links={202: batch_links("jobId")},
    errors=[400, 402, 404, 409, 413, 415, 422, 429],
)
def create_car_batch(request: Request) -> Preview | Reply:
    key = request.idempotency_key
    sent = sent_sheet(request)
    options = parsed(CarOptions, sent.fields, callback_origin=request.callback_origin)
    submission = submission_of(request, sent.body, options)
    services = request.services
    services.submit.check(submission)
    if options.dry_run:
        return _preview(submission)
    content = fingerprint("car-batch", sent.body, json.dumps(sent.fields, sort_keys=True))
    document = services.execute_once(
        request.owner, key, content, lambda batch_id: _create(request, submission, batch_id)
    )
    return Reply(202, document, {"Location": str(document["statusUrl"])})


def submission_of(request: Request, body: bytes, options: CarOptions) -> Submission:
    return request.services.plan_car_batch(
        request.owner,
        body,
        model_name=options.model,
        fallback=options.fallback,
        quality=options.quality or Quality.STANDARD,
        skip_invalid=options.invalid_rows == "skip",
        max_cost=options.max_cost,
        name=options.name,
        metadata=options.metadata,
        callback_url=options.callback_url,
    )


def sent_sheet(request: Request) -> SentSheet:
    """The sheet and its options, whichever way they came; the options' names as in the JSON API."""
    event = request.event
    refuse_long_body(event, BODY_BYTES, _too_large)
    kind = content_type_of(event)
    query = from_text(request.query)
    if kind == "multipart/form-data":
        form = form_of(event)
        file = form.files.get("file")
        body = file.body if file else form.fields.get("file", "").encode()
        fields = from_text({k: v for k, v in form.fields.items() if k != "file"})
        return SentSheet(_required(body), query | fields)
    if kind in RAW_TYPES:
        return SentSheet(_required(body_of(event)), query)
    if kind == "application/json":
        fields = query | json_object_of(event)
        return SentSheet(_uploaded(request, fields.get("uploadId")), fields)
    if not event.get("body"):
        _required(b"")
    raise unsupported_media_type(
        "Send multipart/form-data, text/csv, application/octet-stream or application/json."
    )


def _uploaded(request: Request, upload_id: Any) -> bytes:
    if not isinstance(upload_id, str) or not upload_id:
        raise _csv_required()
    return request.services.read_sheet(request.owner, upload_id)


def _required(body: bytes) -> bytes:
    if not body:
        raise _csv_required()
    if len(body) > BODY_BYTES:
        raise _too_large()
    return body


def _csv_required() -> InvalidRequestError:
    return InvalidRequestError("csv-required", "CSV file is required")


def _too_large() -> InvalidRequestError:
    return InvalidRequestError(
        "too-large",
        "CSV file is too large for a request body (max 4 MiB)",
        detail="Send a sheet over 4 MiB as an upload (POST /api/uploads, kind csv) or through the "
        "drop folder.",
        status=413,
    )


def _create(request: Request, submission: Submission, batch_id: str) -> Result:
    batch = request.services.submit(submission, batch_id)
    request.services.telemetry.submitted(batch, submission.plan.warnings)
    return CarBatchAccepted(
        batch_id=batch.id,
        total=batch.total,
        status="queued",
        mode=batch.mode,
        model=batch.model,
        estimated_cost=batch.estimated,
        warnings=list(submission.plan.warnings),
        status_url=request.absolute(f"/api/batch/{batch.id}"),
    ).as_document()


def _preview(submission: Submission) -> Preview:
    return Preview(
        dry_run=True,
        total=len(submission.plan.items),
        estimated_cost=submission.estimated,
        mode=submission.mode,
        model=submission.models[0].id,
        warnings=list(submission.plan.warnings),
        items=list(preview_items(submission.plan)),
    )
