"""A sheet received over HTTP: in a form, as the raw body, or uploaded before."""

from typing import Any

from imagebatch.api.http import (
    body_of,
    content_type_of,
    form_of,
    json_object_of,
    refuse_long_body,
    unsupported_media_type,
)
from imagebatch.api.quotes import check_quote
from imagebatch.api.request import Request
from imagebatch.domain.errors import InvalidRequestError, TooLargeError
from imagebatch.intake.sheet import ReadOptions
from imagebatch.intake.uploads import XLSX_TYPE
from imagebatch.schemas.field_names import named_fields
from imagebatch.schemas.request_parsing import from_text
from imagebatch.schemas.requests import BatchOptions, CarOptions, ReadingOptions
from imagebatch.schemas.submission_answers import CarBatchAccepted
from imagebatch.schemas.views import notice_answers
from imagebatch.structs import Struct
from imagebatch.usecases.idempotency import Result
from imagebatch.usecases.submit_batch import Submission

BODY_BYTES = 4 * 1024 * 1024
RAW_TYPES = frozenset({"text/csv", "application/octet-stream", XLSX_TYPE})


class SentSheet(Struct, frozen=True):
    body: bytes
    fields: dict[str, Any]


def read_options(options: ReadingOptions) -> ReadOptions:
    ignore = options.unknown_columns == "ignore"
    return ReadOptions(options.encoding, options.sheet, ignore_unknown=ignore)


def sent_sheet(request: Request, model: type[CarOptions]) -> SentSheet:
    """Return the sheet and its options, however they were sent; the options' names are those of the
    JSON API.
    """
    event = request.event
    refuse_long_body(event, BODY_BYTES, _too_large)
    kind = content_type_of(event)
    query = from_text(request.query)
    if kind == "multipart/form-data":
        form = form_of(event)
        file = form.files.get("file")
        return SentSheet(_required(file.body if file else b""), query | from_text(form.fields))
    if kind in RAW_TYPES:
        return SentSheet(_required(body_of(event)), query)
    if kind == "application/json":
        fields = query | json_object_of(event)
        named = named_fields(model, fields).data
        return SentSheet(_uploaded(request, named.get("uploadId")), fields)
    if not event.body:
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
    return TooLargeError(
        "too-large",
        "CSV file is too large for a request body (max 4 MiB)",
        detail="Send a sheet over 4 MiB as an upload (POST /api/uploads, kind csv) or through the "
        "drop folder.",
    )


def create_batch(
    request: Request, submission: Submission, options: BatchOptions, batch_id: str
) -> Result:
    check_quote(request, options)
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
        notices=notice_answers(submission.plan.notices),
        status_url=request.absolute(f"/api/batch/{batch.id}"),
    ).as_document()
