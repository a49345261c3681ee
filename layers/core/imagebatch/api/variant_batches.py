"""Batches of product variants, and every batch in camelCase with its folders."""

import json
from typing import Any

from imagebatch.api.batches import page_of
from imagebatch.api.context import Context
from imagebatch.api.http import answer, json_object_of
from imagebatch.api.response import Response
from imagebatch.domain.batch import Batch, Kind
from imagebatch.intake.settings_schema import PRODUCT_IMAGES
from imagebatch.schemas.requests import parsed
from imagebatch.schemas.variant_requests import VariantBatchRequest
from imagebatch.schemas.variant_views import full_view, previewed, with_folder
from imagebatch.schemas.views import paged, preview
from imagebatch.schemas.wire import money
from imagebatch.usecases.idempotency import Answer, fingerprint
from imagebatch.usecases.plan_variant_batch import VariantRequest
from imagebatch.usecases.submit_batch import Submission

UNSIGNED = {"zipUrl": None, "failedRowsUrl": None, "failedRowsCsvUrl": None}


def register(context: Context) -> None:
    app, services = context.app, context.services

    @app.post("/api/batches", compress=True)
    def create_batch() -> Response:
        key = context.idempotency_key
        sent = parsed(
            VariantBatchRequest,
            json_object_of(context.event),
            callback_origin=context.callback_origin,
        )
        submission = _submission(context, sent)
        services.submit.check(submission)
        if sent.dry_run:
            return answer(200, _preview(sent, submission))
        document = services.execute_once(
            context.owner,
            key,
            _content(sent, submission),
            lambda batch_id: _create(context, submission, batch_id),
        )
        return answer(202, document, {"Location": str(document["statusUrl"])})

    @app.get("/api/batches")
    def list_batches() -> Response:
        page, now = page_of(context), services.clock.now()
        return answer(
            200, paged([with_folder(b, now, context.sign) for b in page.items], page.cursor)
        )

    @app.get("/api/batches/<batch_id>", compress=True)
    def get_full_batch(batch_id: str) -> Response:
        batch = services.records.batch(context.owner, batch_id)
        return answer(200, _full(context, batch))


def _submission(context: Context, sent: VariantBatchRequest) -> Submission:
    request = VariantRequest(
        choices=[(each.variant_id, each.product_image_urls) for each in sent.variants],
        schema_key=sent.settings.schema_key,
        variations=sent.settings.number_of_variations,
        input=sent.settings.input,
    )
    return context.services.plan_variant_batch(
        context.owner,
        request,
        model_name=sent.model,
        max_cost=sent.max_cost,
        name=sent.name,
        metadata=sent.metadata,
        callback_url=sent.callback_url,
    )


def _content(sent: VariantBatchRequest, submission: Submission) -> str:
    """The request's content: its images as objects, because each answer signs them anew."""
    options = sent.model_dump(mode="json", exclude={"variants", "settings"})
    return fingerprint("variants", submission.source, json.dumps(options, sort_keys=True))


def _create(context: Context, submission: Submission, batch_id: str) -> Answer:
    services = context.services
    batch = services.submit(submission, batch_id)
    folder = services.open_folders(batch, submission.plan)
    services.telemetry.submitted(batch, submission.plan.warnings)
    # The answer is kept for a day under the request's key: nothing in it is signed.
    return {
        **full_view(batch, folder, (), services.clock.now(), context.sign),
        **UNSIGNED,
        "credits": len(submission.plan.items),
        "warnings": list(submission.plan.warnings),
        "statusUrl": context.absolute(f"/api/batches/{batch.id}"),
    }


def _full(context: Context, batch: Batch) -> dict[str, Any]:
    services = context.services
    has_variants = batch.kind is Kind.VARIANTS
    folder = services.library.folder(batch.owner, batch.id) if has_variants else None
    items = services.store.items(batch.owner, batch.id) if has_variants else ()
    return full_view(batch, folder, items, services.clock.now(), context.sign)


def _preview(sent: VariantBatchRequest, submission: Submission) -> dict[str, Any]:
    facts = {
        "estimatedCost": money(submission.estimated),
        "credits": len(submission.plan.items),
        "mode": submission.mode,
    }
    inputs = {
        str(each.variant_id): {**sent.settings.input, PRODUCT_IMAGES: each.product_image_urls}
        for each in sent.variants
    }
    groups = [item.group for item in submission.plan.items]
    return previewed(preview(submission.plan, facts), groups, inputs)
