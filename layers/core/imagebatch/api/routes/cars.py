"""POST /api/car-batch: a sheet of cars, sent in one of three ways."""

import json

from imagebatch.api.options import with_unknown_fields
from imagebatch.api.parameters import (
    BINARY,
    CSV_FILE,
    CSV_TEXT,
    IDEMPOTENCY_KEY,
    FileForm,
    batch_links,
)
from imagebatch.api.previews import preview
from imagebatch.api.quotes import with_quote
from imagebatch.api.request import Request
from imagebatch.api.response import Reply
from imagebatch.api.routing import Routes
from imagebatch.api.sheets import create_batch, read_options, sent_sheet
from imagebatch.domain.model_registry import Quality
from imagebatch.schemas.request_parsing import parsed
from imagebatch.schemas.requests import CarOptions, CarUpload
from imagebatch.schemas.submission_answers import CarBatchAccepted, Preview
from imagebatch.usecases.idempotency import fingerprint
from imagebatch.usecases.rehearse_batch import rehearsed
from imagebatch.usecases.submit_batch import Submission

routes = Routes("Car batches")


@routes.post(
    "/api/car-batch",
    id="createCarBatch",
    summary="Submit a sheet of cars",
    description="Returns immediately; the images are generated afterwards. `dryRun` creates "
    "nothing.",
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
    sent = sent_sheet(request, CarOptions)
    options = parsed(CarOptions, sent.fields, callback_origin=request.callback_origin)
    submission = submission_of(request, sent.body, options)
    submission = with_unknown_fields(submission, CarOptions, sent.fields)
    submission = rehearsed(submission, options.rehearse)
    services = request.services
    submission = with_quote(request, submission, options)
    services.submit.check(submission)
    if options.dry_run:
        return preview(request, submission, options)
    content = fingerprint("car-batch", sent.body, json.dumps(sent.fields, sort_keys=True))
    document = services.execute_once(
        request.owner,
        key,
        content,
        lambda batch_id: create_batch(request, submission, options, batch_id),
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
        read=read_options(options),
        max_cost=options.max_cost,
        name=options.name,
        metadata=options.metadata,
        callback_url=options.callback_url,
    )
