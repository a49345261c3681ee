"""Batches of product variants, and every batch in camelCase with its folders."""

import json
from collections.abc import Mapping
from typing import Any

from imagebatch.api.covers import COVERS, covers
from imagebatch.api.options import json_fields, with_unknown_fields
from imagebatch.api.parameters import (
    BATCH_ID,
    CURSOR,
    IDEMPOTENCY_KEY,
    KIND,
    LIMIT,
    NAME_PART,
    STATUS,
    batch_links,
    link,
)
from imagebatch.api.previews import preview_fields
from imagebatch.api.quotes import check_quote, with_quote
from imagebatch.api.request import Request
from imagebatch.api.response import Reply
from imagebatch.api.routes.batches import batch_page
from imagebatch.api.routing import Routes
from imagebatch.domain.asset_library import folder_id
from imagebatch.domain.model_registry import Quality
from imagebatch.domain.statuses import Kind
from imagebatch.intake.settings_schema import PRODUCT_IMAGES
from imagebatch.schemas.request_parsing import parsed
from imagebatch.schemas.variant_answers import (
    BatchList,
    BatchVariant,
    FullBatch,
    VariantBatchAccepted,
    VariantPreview,
)
from imagebatch.schemas.variant_requests import VariantBatchRequest
from imagebatch.schemas.variant_views import variants_view, with_client_input, with_folder
from imagebatch.schemas.views import batch_fields, preview_page
from imagebatch.usecases.idempotency import Result, fingerprint
from imagebatch.usecases.plan_variant_batch import VariantRequest
from imagebatch.usecases.rehearse_batch import rehearsed
from imagebatch.usecases.submit_batch import Submission

PRODUCT_IMAGE = "https://shop.example.com/linen-white.jpg"
UPLOAD_URL = "https://bucket.s3.eu-central-1.amazonaws.com/uploads/7d1e?X-Amz-Signature=0f3a"
REQUEST = {
    "name": "Spring",
    "variants": [{"variantId": 1001, "productImageUrls": [PRODUCT_IMAGE, UPLOAD_URL]}],
    "settings": {
        "schemaKey": "product-shot",
        "numberOfVariations": 2,
        "input": {
            "aspect_ratio": "4:3",
            "purpose": "lifestyle",
            "custom_instructions": ["No hats"],
        },
    },
}

routes = Routes("Variants")


@routes.post(
    "/api/batches",
    id="createVariantBatch",
    summary="Submit a batch of product variants",
    description="An image is one of the service's presigned URLs, which is signed again for each "
    "use, or an https URL, which is passed to the provider. `dryRun` creates nothing.",
    parameters=[IDEMPOTENCY_KEY],
    request=VariantBatchRequest,
    returns={200: VariantPreview, 202: VariantBatchAccepted},
    links={202: {**batch_links("jobId"), "folder": link("getFolder", folder_id="folderId")}},
    errors=[400, 402, 406, 409, 422, 429],
    example=REQUEST,
)
def create_variant_batch(request: Request) -> VariantPreview | Reply:
    key = request.idempotency_key
    fields = json_fields(request)
    sent = parsed(VariantBatchRequest, fields, callback_origin=request.callback_origin)
    submission = with_unknown_fields(_submission(request, sent), VariantBatchRequest, fields)
    submission = rehearsed(submission, sent.rehearse)
    submission = with_quote(request, submission, sent)
    request.services.submit.check(submission)
    if sent.dry_run:
        return _preview(request, sent, submission)
    document = request.services.execute_once(
        request.owner,
        key,
        _content(sent, submission),
        lambda batch_id: _create(request, sent, submission, batch_id),
    )
    return Reply(202, document, {"Location": str(document["statusUrl"])})


@routes.get(
    "/api/batches",
    id="listBatchesWithFolders",
    tag="Batches",
    summary="Your batches of every kind in camelCase, newest first",
    parameters=[
        LIMIT,
        CURSOR,
        STATUS,
        KIND,
        NAME_PART,
        COVERS,
    ],
    returns={200: BatchList},
    errors=[400],
)
def list_batches(request: Request) -> BatchList:
    page, now = batch_page(request), request.services.clock.now()
    shown = covers(request, page.items)
    items = [with_folder(batch, now, request.sign, shown) for batch in page.items]
    return BatchList(items=items, next_cursor=page.cursor)


@routes.get(
    "/api/batches/{batch_id}",
    id="getBatchWithVariants",
    tag="Batches",
    summary="A batch with its folders and, for a batch of variants, what each of them has",
    parameters=[BATCH_ID],
    returns={200: FullBatch},
    errors=[404, 406],
)
def get_batch_with_variants(request: Request, batch_id: str) -> FullBatch:
    services = request.services
    batch = services.records.batch(request.owner, batch_id)
    variants: list[BatchVariant] = []
    if batch.kind is Kind.VARIANTS:
        folder = services.library.folder(batch.owner, batch.id)
        items = services.store.items(batch.owner, batch.id)
        variants = variants_view(batch, folder, items, request.sign)
    return FullBatch(
        **batch_fields(batch, services.clock.now(), request.sign),
        folder_id=folder_id(batch.id),
        variants=variants,
    )


def _submission(request: Request, sent: VariantBatchRequest) -> Submission:
    wanted = VariantRequest(
        choices=[(each.variant_id, each.product_image_urls) for each in sent.variants],
        schema_key=sent.settings.schema_key,
        variations=sent.settings.number_of_variations,
        input=sent.settings.input,
    )
    return request.services.plan_variant_batch(
        request.owner,
        wanted,
        model_name=sent.model,
        fallback=sent.fallback,
        quality=sent.quality or Quality.STANDARD,
        max_cost=sent.max_cost,
        name=sent.name,
        metadata=sent.metadata,
        callback_url=sent.callback_url,
    )


def _content(sent: VariantBatchRequest, submission: Submission) -> str:
    """The request's content, with images as objects, because each response signs them again."""
    options = sent.model_dump(mode="json", exclude={"variants", "settings"})
    return fingerprint("variants", submission.source, json.dumps(options, sort_keys=True))


def _create(
    request: Request, sent: VariantBatchRequest, submission: Submission, batch_id: str
) -> Result:
    check_quote(request, sent)
    services = request.services
    batch = services.submit(submission, batch_id)
    folder = services.open_folders(batch, submission.plan)
    services.telemetry.submitted(batch, submission.plan.warnings)
    # The response is stored for a day under the request's key, so it contains nothing signed.
    return VariantBatchAccepted(
        **batch_fields(batch, services.clock.now(), None),
        folder_id=folder_id(batch.id),
        variants=variants_view(batch, folder, (), request.sign),
        credits=len(submission.plan.items),
        status_url=request.absolute(f"/api/batches/{batch.id}"),
    ).as_document()


def _preview(request: Request, sent: VariantBatchRequest, submission: Submission) -> VariantPreview:
    inputs: Mapping[int | None, Mapping[str, Any]] = {
        each.variant_id: {**sent.settings.input, PRODUCT_IMAGES: each.product_image_urls}
        for each in sent.variants
    }
    made = preview_fields(request, submission, sent)
    specs, _ = preview_page(submission.plan, sent.cursor, sent.limit)
    variants = [spec.variant_id for spec in specs]
    items = with_client_input(made.pop("items"), variants, inputs)
    return VariantPreview(**made, items=items, credits=len(submission.plan.items))
