"""POST /api/v1/batch/generate: a list of prompts."""

import json
from collections.abc import Mapping
from typing import Any

from imagebatch.api.http import body_of, content_type_of
from imagebatch.api.options import json_fields, with_unknown_fields
from imagebatch.api.parameters import (
    BINARY,
    CSV_FILE,
    CSV_TEXT,
    IDEMPOTENCY_KEY,
    FileForm,
    batch_links,
)
from imagebatch.api.previews import preview
from imagebatch.api.quotes import check_quote, with_quote
from imagebatch.api.request import Request
from imagebatch.api.response import Reply
from imagebatch.api.routing import Routes
from imagebatch.api.sheets import RAW_TYPES, read_options, sent_sheet
from imagebatch.domain.model_registry import Quality
from imagebatch.intake.field_problems import invalid_fields
from imagebatch.intake.prompts import DEFAULT_ASPECT_RATIO, PromptDraft
from imagebatch.schemas.field_names import named_fields
from imagebatch.schemas.request_parsing import examined, parsed
from imagebatch.schemas.requests import BatchOptions, PromptBatch, PromptItem, PromptSheetOptions
from imagebatch.schemas.submission_answers import Preview, PromptBatchAccepted
from imagebatch.schemas.views import notice_answers
from imagebatch.usecases.idempotency import Result, fingerprint
from imagebatch.usecases.plan_sheet_batch import SheetRequest
from imagebatch.usecases.rehearse_batch import rehearsed
from imagebatch.usecases.submit_batch import Submission

UPLOAD_ID = "2b1f6c5e8d9a4f7f9a3c0d5e6b7a8c90"
BATCH = "5f0c9a7e4d2b4c0e9f2d8a6b1c3e5f70"
PROMPTS = {
    "items": [
        {"prompt": "A red chair in a loft", "file": UPLOAD_ID, "aspect_ratio": "16:9"},
        {"prompt": "A blue chair", "file": "", "custom_id": "SKU-7"},
    ],
    "model": "google/nano-banana-2.1",
    "options": {"quality": "standard", "include_pdf": True},
    "name": "Chairs",
    "max_cost": "1.00",
}
PREVIEW = {
    "dry_run": True,
    "total": 1,
    "estimated_cost": "0.039",
    "quote_id": "1782864000_0.039_bWFnZWJhdGNoLW5vdC1hLXJlYWwtc2lnbmF0dXJlLTEyM",
    "mode": "live",
    "model": "google/nano-banana-2.1",
    "warnings": [],
    "notices": [],
    "columns": [],
    "next_cursor": None,
    "items": [
        {
            "cells": [],
            "row": None,
            "custom_id": "SKU-7",
            "prompt": "A blue chair",
            "file": "SKU-7.png",
            "input": {"prompt": "A blue chair", "output_format": "png", "aspect_ratio": "1:1"},
            "price": "0.039",
        }
    ],
}
ACCEPTED = {
    "batch_id": BATCH,
    "status": "queued",
    "total_items": 2,
    "mode": "live",
    "model": "google/nano-banana-2.1",
    "estimated_cost": "0.078",
    "warnings": [],
    "notices": [],
    "status_url": f"https://api.example.com/api/v1/batch/{BATCH}/status",
}

SHEET_TYPES = RAW_TYPES | {"multipart/form-data"}

routes = Routes("Prompt batches")


@routes.post(
    "/api/v1/batch/generate",
    id="createPromptBatch",
    summary="Submit a list of prompts",
    description="Returns immediately; the images are generated afterwards. `file` is the ID of a "
    "ready upload of kind product, a public https URL that is passed to the model and never "
    "fetched by the service, or empty. `include_pdf` adds pages.pdf to the archive, with one "
    "image per page. `dry_run` creates nothing. A sheet needs a column `prompt`, and may have "
    "`custom_id`, `aspect_ratio`, `seed` and `file`.",
    parameters=[IDEMPOTENCY_KEY],
    request={
        "application/json": PromptBatch,
        "multipart/form-data": FileForm(PromptSheetOptions, CSV_FILE),
        "text/csv": CSV_TEXT,
        "application/octet-stream": BINARY,
    },
    returns={200: Preview, 202: PromptBatchAccepted},
    links={202: batch_links("batch_id")},
    errors=[400, 402, 409, 413, 415, 422, 429],
    example=PROMPTS,
    examples={200: PREVIEW, 202: ACCEPTED},
)
def create_prompt_batch(request: Request) -> Preview | Reply:
    key = request.idempotency_key
    submission, options, content = _sent(request)
    submission = with_quote(request, submission, options)
    request.services.submit.check(submission)
    if options.dry_run:
        return preview(request, submission, options)
    document = request.services.execute_once(
        request.owner,
        key,
        content,
        lambda batch_id: _create(request, submission, options, batch_id),
    )
    return Reply(202, document, {"Location": str(document["status_url"])})


def _sent(request: Request) -> tuple[Submission, BatchOptions, str]:
    """Return the submission, its options, and its content for comparison under an
    idempotency key.
    """
    if content_type_of(request.event) in SHEET_TYPES:
        return _of_sheet(request)
    data = json_fields(request)
    submission, options = _taken(request, data)
    return submission, options, fingerprint("generate", json.dumps(data, sort_keys=True))


def _of_sheet(request: Request) -> tuple[Submission, BatchOptions, str]:
    sent = sent_sheet(request, PromptSheetOptions)
    options = parsed(PromptSheetOptions, sent.fields, callback_origin=request.callback_origin)
    quality = options.quality or Quality.STANDARD
    sheet = SheetRequest(
        body=sent.body,
        of_prompts=True,
        options={"quality": quality.value, "include_pdf": options.include_pdf},
        model_name=options.model,
        fallback=options.fallback,
        quality=quality,
        skip_invalid=options.invalid_rows == "skip",
        read=read_options(options),
    )
    submission = request.services.plan_sheet_batch(
        request.owner,
        sheet,
        max_cost=options.max_cost,
        name=options.name,
        metadata=options.metadata,
        callback_url=options.callback_url,
    )
    submission = with_unknown_fields(submission, PromptSheetOptions, sent.fields)
    submission = rehearsed(submission, options.rehearse)
    content = fingerprint("generate", sent.body, json.dumps(sent.fields, sort_keys=True))
    return submission, options, content


def _taken(request: Request, data: Mapping[str, Any]) -> tuple[Submission, PromptBatch]:
    """Return the submission, and its options; InvalidRequestError for a rejected one."""
    take = request.services.plan_prompt_batch
    sent, problems = examined(PromptBatch, data, callback_origin=request.callback_origin)
    if sent is None:
        named = named_fields(PromptBatch, data).data
        more = take.problems(
            request.owner,
            _partial_drafts(named),
            model_name=_text(named, "model"),
        )
        known = {each.field for each in problems}
        raise invalid_fields([*problems, *(each for each in more if each.field not in known)])
    submission = take(
        request.owner,
        [_draft(item) for item in sent.items],
        source=body_of(request.event),
        model_name=sent.model,
        fallback=sent.fallback,
        quality=sent.quality or Quality.STANDARD,
        include_pdf=sent.options.include_pdf,
        max_cost=sent.max_cost,
        name=sent.name,
        metadata=sent.metadata,
        callback_url=sent.callback_url,
    )
    return rehearsed(with_unknown_fields(submission, PromptBatch, data), sent.rehearse), sent


def _draft(item: PromptItem) -> PromptDraft:
    ratio = item.aspect_ratio or DEFAULT_ASPECT_RATIO
    return PromptDraft(item.prompt, item.file or "", item.custom_id or "", ratio)


def _partial_drafts(data: Mapping[str, Any]) -> list[PromptDraft]:
    """Return the readable parts of an invalid request, to report further problems."""
    items = data.get("items")
    return [
        PromptDraft(file=_text(item, "file"), custom_id=_text(item, "custom_id"))
        for item in (items if isinstance(items, list) else [])
    ]


def _text(of: Any, name: str) -> str:
    value = of.get(name) if isinstance(of, Mapping) else None
    return value.strip() if isinstance(value, str) else ""


def _create(
    request: Request, submission: Submission, options: BatchOptions, batch_id: str
) -> Result:
    check_quote(request, options)
    batch = request.services.submit(submission, batch_id)
    request.services.telemetry.submitted(batch, submission.plan.warnings)
    return PromptBatchAccepted(
        batch_id=batch.id,
        status="queued",
        total_items=batch.total,
        mode=batch.mode,
        model=batch.model,
        estimated_cost=batch.estimated,
        warnings=list(submission.plan.warnings),
        notices=notice_answers(submission.plan.notices),
        status_url=request.absolute(f"/api/v1/batch/{batch.id}/status"),
    ).as_document(snake_case=True)
