"""POST /api/v1/batch/generate: a list of prompts."""

import json
from collections.abc import Mapping
from typing import Any

from imagebatch.api.context import Context
from imagebatch.api.http import answer, body_of, json_object_of
from imagebatch.api.response import Response
from imagebatch.domain.model_registry import Quality
from imagebatch.intake.prompts import DEFAULT_ASPECT_RATIO, PromptDraft, invalid_fields
from imagebatch.schemas.requests import PromptBatch, PromptItem, examined
from imagebatch.schemas.views import preview
from imagebatch.schemas.wire import money, snake_case
from imagebatch.usecases.idempotency import Answer, fingerprint
from imagebatch.usecases.submit_batch import Submission


def register(context: Context) -> None:
    @context.app.post("/api/v1/batch/generate")
    def create_prompt_batch() -> Response:
        key = context.idempotency_key
        data = json_object_of(context.event)
        submission, dry_run = _taken(context, data)
        context.services.submit.check(submission)
        if dry_run:
            return answer(200, _preview(submission))
        document = context.services.execute_once(
            context.owner,
            key,
            fingerprint("generate", json.dumps(data, sort_keys=True)),
            lambda batch_id: _create(context, submission, batch_id),
        )
        return answer(202, document, {"Location": str(document["status_url"])})


def _taken(context: Context, data: Mapping[str, Any]) -> tuple[Submission, bool]:
    """The submission, and whether it is a dry run; InvalidRequestError for one that is refused."""
    take = context.services.plan_prompt_batch
    request, problems = examined(PromptBatch, data, callback_origin=context.callback_origin)
    if request is None:
        more = take.problems(
            context.owner,
            _legible_drafts(data),
            model_name=_text(data, "model"),
            quality=_legible_quality(data),
        )
        known = {each.field for each in problems}
        raise invalid_fields([*problems, *(each for each in more if each.field not in known)])
    submission = take(
        context.owner,
        [_draft(item) for item in request.items],
        source=body_of(context.event),
        model_name=request.model,
        quality=request.options.quality,
        include_pdf=request.options.include_pdf,
        max_cost=request.max_cost,
        name=request.name,
        metadata=request.metadata,
        callback_url=request.callback_url,
    )
    return submission, request.dry_run


def _draft(item: PromptItem) -> PromptDraft:
    ratio = item.aspect_ratio or DEFAULT_ASPECT_RATIO
    return PromptDraft(item.prompt, item.file or "", item.custom_id or "", ratio)


def _legible_drafts(data: Mapping[str, Any]) -> list[PromptDraft]:
    """What can be read of a request that is not valid, to look for more that is wrong."""
    items = data.get("items")
    return [
        PromptDraft(file=_text(item, "file"), custom_id=_text(item, "custom_id"))
        for item in (items if isinstance(items, list) else [])
    ]


def _legible_quality(data: Mapping[str, Any]) -> Quality:
    text = _text(data.get("options"), "quality")
    return Quality(text) if text in [*Quality] else Quality.STANDARD


def _text(of: Any, name: str) -> str:
    value = of.get(name) if isinstance(of, Mapping) else None
    return value.strip() if isinstance(value, str) else ""


def _create(context: Context, submission: Submission, batch_id: str) -> Answer:
    batch = context.services.submit(submission, batch_id)
    context.services.telemetry.submitted(batch, submission.plan.warnings)
    return {
        "batch_id": batch.id,
        "status": "queued",
        "total_items": batch.total,
        "mode": batch.mode,
        "estimated_cost": money(batch.estimated),
        "warnings": list(submission.plan.warnings),
        "status_url": context.absolute(f"/api/v1/batch/{batch.id}/status"),
    }


def _preview(submission: Submission) -> Any:
    facts = {"estimatedCost": money(submission.estimated), "mode": submission.mode}
    return snake_case(preview(submission.plan, facts))
