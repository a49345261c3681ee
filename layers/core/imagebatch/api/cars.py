"""POST /api/car-batch: a sheet of cars, three ways of sending it."""

import json
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from imagebatch.api.context import Context
from imagebatch.api.http import answer, body_of, content_type_of, form_of, json_object_of, query_of
from imagebatch.api.response import Response
from imagebatch.domain.errors import InvalidRequestError
from imagebatch.schemas.requests import CarOptions, from_text, parsed
from imagebatch.schemas.views import preview
from imagebatch.schemas.wire import money
from imagebatch.usecases.idempotency import Answer, fingerprint
from imagebatch.usecases.submit_batch import Submission

BODY_BYTES = 4 * 1024 * 1024
RAW_TYPES = frozenset({"text/csv", "application/octet-stream"})


@dataclass(frozen=True, slots=True)
class SentSheet:
    body: bytes
    fields: dict[str, Any]


def register(context: Context) -> None:
    @context.app.post("/api/car-batch")
    def create_car_batch() -> Response:
        key = context.idempotency_key
        sent = sent_sheet(context)
        options = parsed(CarOptions, sent.fields, callback_origin=context.callback_origin)
        submission = submission_of(context, sent.body, options)
        context.services.submit.check(submission)
        if options.dry_run:
            return answer(200, _preview(submission))
        content = fingerprint("car-batch", sent.body, json.dumps(sent.fields, sort_keys=True))
        document = context.services.execute_once(
            context.owner,
            key,
            content,
            lambda batch_id: _create(context, submission, batch_id),
        )
        return answer(202, document, {"Location": str(document["statusUrl"])})


def submission_of(context: Context, body: bytes, options: CarOptions) -> Submission:
    return context.services.plan_car_batch(
        context.owner,
        body,
        model_name=options.model,
        skip_invalid=options.invalid_rows == "skip",
        max_cost=options.max_cost,
        name=options.name,
        metadata=options.metadata,
        callback_url=options.callback_url,
    )


def sent_sheet(context: Context) -> SentSheet:
    """The sheet and its options, whichever way they came; the options' names as in the JSON API."""
    event = context.event
    _check_size(event)
    kind = content_type_of(event)
    query = from_text(query_of(event))
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
        return SentSheet(_uploaded(context, fields.get("uploadId")), fields)
    if not event.get("body"):
        _required(b"")
    raise InvalidRequestError(
        "unsupported-media-type",
        "Unsupported content type",
        detail="Send multipart/form-data, text/csv, application/octet-stream or application/json.",
        status=415,
    )


def _uploaded(context: Context, upload_id: Any) -> bytes:
    if not isinstance(upload_id, str) or not upload_id:
        raise _csv_required()
    return context.services.read_sheet(context.owner, upload_id)


def _required(body: bytes) -> bytes:
    if not body:
        raise _csv_required()
    if len(body) > BODY_BYTES:
        raise _too_large()
    return body


def _check_size(event: APIGatewayProxyEventV2) -> None:
    """Refuses by the encoded length before anything is decoded."""
    length = len(event.get("body") or "")
    if length > BODY_BYTES * (4 / 3 if event.is_base64_encoded else 1) + 65_536:
        raise _too_large()


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


def _create(context: Context, submission: Submission, batch_id: str) -> Answer:
    batch = context.services.submit(submission, batch_id)
    context.services.telemetry.submitted(batch, submission.plan.warnings)
    return {
        "jobId": batch.id,
        "total": batch.total,
        "status": "queued",
        "mode": batch.mode,
        "estimatedCost": money(batch.estimated),
        "warnings": list(submission.plan.warnings),
        "statusUrl": context.absolute(f"/api/batch/{batch.id}"),
    }


def _preview(submission: Submission) -> dict[str, Any]:
    facts = {"estimatedCost": money(submission.estimated), "mode": submission.mode}
    return preview(submission.plan, facts)
