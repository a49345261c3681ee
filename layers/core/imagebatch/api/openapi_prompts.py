"""Uploads and prompt batches in the OpenAPI document."""

from imagebatch.api.operations import (
    CURSOR,
    IDEMPOTENCY_KEY,
    LIMIT,
    Operation,
    batch_links,
    query,
)
from imagebatch.intake.uploads import UploadKind
from imagebatch.schemas import answers, requests

UPLOAD_ID = "2b1f6c5e8d9a4f7f9a3c0d5e6b7a8c90"
BATCH = "5f0c9a7e4d2b4c0e9f2d8a6b1c3e5f70"
BUCKET = "https://bucket.s3.eu-central-1.amazonaws.com/"
AT = "2026-01-05T09:00:00.000Z"
READY = {
    "id": UPLOAD_ID,
    "url": f"{BUCKET}uploads/{UPLOAD_ID}?X-Amz-Signature=0f3a",
    "originalName": "chair.png",
    "kind": "product",
    "status": "ready",
    "reason": None,
    "createdAt": AT,
}
FORM = {
    "url": BUCKET,
    "fields": {
        "Content-Type": "image/png",
        "key": f"uploads/incoming/{UPLOAD_ID}",
        "x-amz-algorithm": "AWS4-HMAC-SHA256",
        "x-amz-credential": "ASIA.../20260105/eu-central-1/s3/aws4_request",
        "x-amz-date": "20260105T090000Z",
        "policy": "eyJleHBpcmF0aW9uIjog...",
        "x-amz-signature": "9d41...",
    },
}
FILE_FORM = {
    "type": "object",
    "properties": {
        "kind": {"type": "string", "enum": [*UploadKind]},
        "file": {"type": "string", "format": "binary", "description": "At most 4 MiB."},
    },
    "required": ["kind", "file"],
}
PROMPTS = {
    "items": [
        {"prompt": "A red chair in a loft", "file": UPLOAD_ID, "aspect_ratio": "16:9"},
        {"prompt": "A blue chair", "file": "", "custom_id": "SKU-7"},
    ],
    "model": "google/nano-banana",
    "options": {"quality": "standard", "include_pdf": True},
    "name": "Chairs",
    "max_cost": "1.00",
}
PREVIEW = {
    "dry_run": True,
    "total": 1,
    "estimated_cost": "0.039",
    "mode": "live",
    "warnings": [],
    "items": [
        {
            "row": None,
            "custom_id": "SKU-7",
            "prompt": "A blue chair",
            "file": "SKU-7.png",
            "input": {"prompt": "A blue chair", "output_format": "png", "aspect_ratio": "1:1"},
            "price": "0.039",
        }
    ],
}

PROMPT_OPERATIONS = [
    Operation(
        method="post",
        path="/api/v1/batch/generate",
        id="createPromptBatch",
        tag="Prompt batches",
        summary="Submit a list of prompts",
        description="Answers at once; the images are made afterwards. `file` is the id of a ready "
        "upload of kind product, or a public https URL that is handed to the model and never "
        "fetched here, or empty. `include_pdf` adds pages.pdf to the archive, an image a page. "
        "`dry_run` creates nothing.",
        parameters=[IDEMPOTENCY_KEY],
        request={"application/json": requests.PromptBatch},
        returns={200: answers.PreviewV1, 202: answers.PromptBatchAccepted},
        links={202: batch_links("batch_id")},
        errors=[400, 402, 409, 422, 429],
        example=PROMPTS,
        examples={
            200: PREVIEW,
            202: {
                "batch_id": BATCH,
                "status": "queued",
                "total_items": 2,
                "mode": "live",
                "estimated_cost": "0.078",
                "warnings": [],
                "status_url": f"https://api.example.com/api/v1/batch/{BATCH}/status",
            },
        },
    ),
    Operation(
        method="post",
        path="/api/uploads",
        id="createUpload",
        tag="Uploads",
        summary="Upload a file, or ask for a form to post it straight to the bucket",
        description="A file of at most 4 MiB comes as multipart/form-data and is ready at once. "
        "For one of up to 20 MB (20,971,520 bytes) send JSON: post the `fields` and then the file "
        "as `file` to `upload.url` within 15 minutes. It is `checking` until its bytes were looked "
        "at, then `ready`, or `rejected` with a `reason`. Images are PNG, JPEG or WebP by their "
        "bytes, whatever their name.",
        parameters=[IDEMPOTENCY_KEY],
        request={"multipart/form-data": FILE_FORM, "application/json": requests.UploadRequest},
        returns={201: answers.UploadAnswer},
        errors=[400, 409, 413, 415, 422],
        example={
            "kind": "product",
            "filename": "chair.png",
            "contentType": "image/png",
            "size": 12000000,
        },
        examples={201: {"file": {**READY, "url": None, "status": "checking"}, "upload": FORM}},
    ),
    Operation(
        method="get",
        path="/api/uploads",
        id="listUploads",
        tag="Uploads",
        summary="Your uploads, newest first",
        parameters=[LIMIT, CURSOR, query("kind", {"type": "string", "enum": [*UploadKind]})],
        returns={200: answers.UploadList},
        errors=[400],
        examples={200: {"items": [READY], "nextCursor": None}},
    ),
]
