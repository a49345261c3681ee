"""POST /api/sheet-batch: any sheet, with a template."""

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
from imagebatch.domain.errors import InvalidRequestError
from imagebatch.intake.sheet_templates import SheetTemplate
from imagebatch.schemas.request_parsing import parsed
from imagebatch.schemas.requests import SheetOptions, SheetUpload
from imagebatch.schemas.submission_answers import CarBatchAccepted, Preview
from imagebatch.usecases.idempotency import fingerprint
from imagebatch.usecases.plan_sheet_batch import SheetRequest
from imagebatch.usecases.rehearse_batch import rehearsed
from imagebatch.usecases.templates import UNKNOWN_TEMPLATE

routes = Routes("Sheet batches")


@routes.post(
    "/api/sheet-batch",
    id="createSheetBatch",
    summary="Submit any sheet with a template",
    description="Like `/api/car-batch`, for sheets with your own columns: `template` names one of "
    "your templates, `prompt` is the text of one.",
    parameters=[IDEMPOTENCY_KEY],
    request={
        "multipart/form-data": FileForm(SheetOptions, CSV_FILE),
        "text/csv": CSV_TEXT,
        "application/octet-stream": BINARY,
        "application/json": SheetUpload,
    },
    returns={200: Preview, 202: CarBatchAccepted},
    links={202: batch_links("jobId")},
    errors=[400, 402, 404, 409, 413, 415, 422, 429],
)
def create_sheet_batch(request: Request) -> Preview | Reply:
    key = request.idempotency_key
    sent = sent_sheet(request, SheetOptions)
    options = parsed(SheetOptions, sent.fields, callback_origin=request.callback_origin)
    services = request.services
    sheet = SheetRequest(
        body=sent.body,
        template=_template(request, options, sent.body),
        model_name=options.model,
        fallback=options.fallback,
        quality=options.quality,
        skip_invalid=options.invalid_rows == "skip",
        read=read_options(options),
    )
    submission = services.plan_sheet_batch(
        request.owner,
        sheet,
        max_cost=options.max_cost,
        name=options.name,
        metadata=options.metadata,
        callback_url=options.callback_url,
    )
    submission = with_unknown_fields(submission, SheetOptions, sent.fields)
    submission = rehearsed(submission, options.rehearse)
    submission = with_quote(request, submission, options)
    services.submit.check(submission)
    if options.dry_run:
        return preview(request, submission, options)
    content = fingerprint("sheet-batch", sent.body, json.dumps(sent.fields, sort_keys=True))
    document = services.execute_once(
        request.owner,
        key,
        content,
        lambda batch_id: create_batch(request, submission, options, batch_id),
    )
    return Reply(202, document, {"Location": str(document["statusUrl"])})


def _template(request: Request, options: SheetOptions, body: bytes) -> SheetTemplate:
    """Problems of the sheet itself are reported before an unknown template."""
    services = request.services
    try:
        return services.manage_templates.choose(request.owner, options.template, options.prompt)
    except InvalidRequestError as unknown:
        if unknown.kind == UNKNOWN_TEMPLATE:
            services.plan_sheet_batch.check_readable(body, read_options(options))
        raise
