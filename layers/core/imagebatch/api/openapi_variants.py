"""The variant routes in the OpenAPI document."""

from typing import Any

from imagebatch.api.operations import (
    BATCH_ID,
    CURSOR,
    IDEMPOTENCY_KEY,
    ITEM_CURSOR,
    LIMIT,
    Operation,
    batch_links,
    link,
    query,
)
from imagebatch.domain.batch import BatchStatus, Kind
from imagebatch.intake.catalog_import import LARGEST_ID
from imagebatch.schemas import variant_answers as answers
from imagebatch.schemas import variant_requests as requests

TAG = "Variants"
FOLDER = r"^[0-9a-f]{32}(\.[1-9][0-9]{0,15})?$"
ROW = {
    "variantId": 1001,
    "variantTitle": "Linen shirt / White / M",
    "productId": 10,
    "productTitle": "Linen shirt",
    "imageUrl": "https://shop.example.com/linen-white.jpg",
}
SIGNED = "https://bucket.s3.eu-central-1.amazonaws.com/{}?X-Amz-Signature=0f3a"
AT = "2026-01-05T09:00:00.000Z"
BATCH = "5f0c9a7e4d2b4c0e9f2d8a6b1c3e5f70"
PICTURE = {
    "id": f"{BATCH}.0000",
    "url": SIGNED.format(f"library/{BATCH}/000000-9c1d2e3f4a5b6c7d"),
    "createdAt": AT,
}
UPLOADED = {
    "id": "7d1e",
    "url": SIGNED.format("uploads/7d1e"),
    "originalName": "front.png",
    "createdAt": AT,
}
REQUEST = {
    "name": "Spring",
    "variants": [{"variantId": 1001, "productImageUrls": [ROW["imageUrl"], UPLOADED["url"]]}],
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


def _path(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "schema": schema,
        "description": description,
    }


VARIANT_OPERATIONS = [
    Operation(
        method="put",
        path="/api/variants",
        id="importVariants",
        tag=TAG,
        summary="Import up to 1,000 variants into your catalog",
        description="A variant that is there already is replaced. A CSV has the columns variantId, "
        "variantTitle, productId, productTitle, imageUrl. One bad row, and nothing is imported.",
        request={
            "application/json": requests.VariantList,
            "text/csv": {"type": "string", "contentMediaType": "text/csv"},
        },
        returns={200: answers.CatalogImported},
        errors=[400, 413, 415, 422],
        example=[ROW],
        examples={200: {"imported": 1, "created": 1, "updated": 0, "warnings": []}},
    ),
    Operation(
        method="get",
        path="/api/variants",
        id="listVariants",
        tag=TAG,
        summary="Your catalog, grouped by product",
        description="In the order of product and variant ids. `limit` counts variants; a product "
        "that goes over the edge of a page is on both.",
        parameters=[
            query("q", {"type": "string", "maxLength": 200}, "A part of a title, in any capitals."),
            LIMIT,
            CURSOR,
        ],
        returns={200: answers.ProductList},
        errors=[400],
        examples={
            200: {
                "items": [
                    {
                        "productId": 10,
                        "productTitle": "Linen shirt",
                        "variants": [
                            {
                                "variantId": 1001,
                                "variantTitle": "Linen shirt / White / M",
                                "imageUrl": ROW["imageUrl"],
                            }
                        ],
                    }
                ],
                "nextCursor": None,
            }
        },
    ),
    Operation(
        method="get",
        path="/api/variants/{variant_id}/folders",
        id="listFolders",
        tag=TAG,
        summary="The folders of a variant, one for each of its batches, newest first",
        parameters=[
            _path(
                "variant_id",
                {"type": "integer", "minimum": 1, "maximum": LARGEST_ID},
                "The variant's id.",
            ),
            LIMIT,
            CURSOR,
        ],
        returns={200: answers.FolderList},
        errors=[400, 404],
    ),
    Operation(
        method="get",
        path="/api/folders/{folder_id}",
        id="getFolder",
        tag=TAG,
        summary="The images of a folder, in the order of their batch",
        description="A batch's shared folder has the batch's id.",
        parameters=[
            _path("folder_id", {"type": "string", "pattern": FOLDER}, "A folder's id."),
            LIMIT,
            ITEM_CURSOR,
        ],
        returns={200: answers.FolderAnswer},
        errors=[400, 404],
        examples={
            200: {
                "id": f"{BATCH}.1001",
                "name": "Spring / Linen shirt White M",
                "batchId": BATCH,
                "variantId": 1001,
                "items": [{**PICTURE, "file": "Linen_shirt_White_M-1.png"}],
                "nextCursor": None,
            }
        },
    ),
    Operation(
        method="get",
        path="/api/schemas",
        id="listSchemas",
        tag=TAG,
        summary="The settings schemas there are",
        returns={200: answers.SchemaList},
        links={200: {"form": link("getSchema", schema_key="items/0/key")}},
    ),
    Operation(
        method="get",
        path="/api/schemas/{schema_key}",
        id="getSchema",
        tag=TAG,
        summary="A settings form as JSON Schema",
        parameters=[_path("schema_key", {"type": "string"}, "Such as product-shot.")],
        returns={200: {"application/json": answers.SETTINGS_SCHEMA}},
        errors=[404],
    ),
    Operation(
        method="post",
        path="/api/batches/image-candidates",
        id="getImageCandidates",
        tag=TAG,
        summary="Images to choose as a batch's product images",
        description="The newest 50 images made for each variant, and your newest 200 uploads that "
        "are ready. An answer over 5.5 MB needs `Accept-Encoding: gzip`.",
        request={"application/json": requests.CandidatesRequest},
        returns={200: answers.CandidatesAnswer},
        errors=[400, 406, 422],
        example={"variantIds": [1001]},
        examples={
            200: {
                "variants": [
                    {
                        "variantId": 1001,
                        "productId": 10,
                        "variantTitle": "Linen shirt / White / M",
                        "variantImageUrl": ROW["imageUrl"],
                        "generatedImages": [PICTURE],
                    }
                ],
                "uploads": [UPLOADED],
            }
        },
    ),
    Operation(
        method="post",
        path="/api/batches",
        id="createVariantBatch",
        tag=TAG,
        summary="Submit a batch of product variants",
        description="An image is one of our signed URLs, whose object is kept and signed anew when "
        "it is used, or an https URL, which is handed to the provider. `dryRun` creates nothing.",
        parameters=[IDEMPOTENCY_KEY],
        request={"application/json": requests.VariantBatchRequest},
        returns={200: answers.VariantPreview, 202: answers.VariantBatchAccepted},
        links={202: {**batch_links("jobId"), "folder": link("getFolder", folder_id="folderId")}},
        errors=[400, 402, 406, 409, 422, 429],
        example=REQUEST,
    ),
    Operation(
        method="get",
        path="/api/batches",
        id="listBatchesWithFolders",
        tag="Batches",
        summary="Your batches of every kind in camelCase, newest first",
        parameters=[
            LIMIT,
            CURSOR,
            query("status", {"type": "string", "enum": [*BatchStatus]}),
            query("kind", {"type": "string", "enum": [*Kind]}),
        ],
        returns={200: answers.BatchList},
        errors=[400],
    ),
    Operation(
        method="get",
        path="/api/batches/{batch_id}",
        id="getBatchWithVariants",
        tag="Batches",
        summary="A batch with its folders and, for a batch of variants, what each of them has",
        parameters=[BATCH_ID],
        returns={200: answers.FullBatch},
        errors=[404, 406],
    ),
]
