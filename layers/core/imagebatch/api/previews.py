"""The response of a dry run, the same for every way of creating a batch."""

from typing import Any

from imagebatch.api.request import Request
from imagebatch.schemas.requests import BatchOptions
from imagebatch.schemas.submission_answers import Preview
from imagebatch.schemas.views import notice_answers, preview_items, preview_page
from imagebatch.usecases.submit_batch import Submission


def preview_fields(
    request: Request, submission: Submission, options: BatchOptions
) -> dict[str, Any]:
    """Return the fields that every preview model has."""
    plan = submission.plan
    specs, cursor = preview_page(plan, options.cursor, options.limit)
    return {
        "dry_run": True,
        "total": len(plan.items),
        "estimated_cost": submission.estimated,
        "quote_id": request.services.quotes.issue(submission),
        "mode": submission.mode,
        "model": submission.models[0].id,
        "warnings": list(plan.warnings),
        "notices": notice_answers(plan.notices),
        "columns": list(plan.header),
        "read_as": list(plan.read_as),
        "delimiter": plan.delimiter if plan.header else None,
        "items": preview_items(specs, plan.problems),
        "next_cursor": cursor,
    }


def preview(request: Request, submission: Submission, options: BatchOptions) -> Preview:
    return Preview(**preview_fields(request, submission, options))
