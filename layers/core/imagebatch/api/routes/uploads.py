"""POST and GET /api/uploads: a caller's files, within the request or directly to the bucket."""

import json
from collections.abc import Callable

from imagebatch.api.http import (
    content_type_of,
    form_of,
    json_object_of,
    one_of,
    page_cursor,
    page_limit,
    refuse_long_body,
    unsupported_media_type,
)
from imagebatch.api.parameters import CURSOR, IDEMPOTENCY_KEY, LIMIT, query
from imagebatch.api.request import Request
from imagebatch.api.response import Reply
from imagebatch.api.routing import Routes
from imagebatch.domain.uploads import Upload, UploadKind
from imagebatch.intake.uploads import (
    MAX_INLINE_BYTES,
    body_too_large,
    check_body,
    validate_declared_type,
)
from imagebatch.schemas.links import URL_SECONDS
from imagebatch.schemas.request_parsing import parsed
from imagebatch.schemas.requests import UploadForm, UploadRequest
from imagebatch.schemas.upload_answers import UploadAnswer, UploadedFile, UploadList, UploadTarget
from imagebatch.usecases import keys
from imagebatch.usecases.idempotency import fingerprint
from imagebatch.usecases.uploads import find_upload

UPLOAD_ID = "2b1f6c5e8d9a4f7f9a3c0d5e6b7a8c90"
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
ANNOUNCED = {
    "kind": "product",
    "filename": "chair.png",
    "contentType": "image/png",
    "size": 12000000,
}

routes = Routes("Uploads")


@routes.post(
    "/api/uploads",
    id="createUpload",
    summary="Upload a file, or request a form to post it directly to the bucket",
    description="Send a file of at most 4 MiB as multipart/form-data; it is ready immediately. "
    "For one of up to 20 MB (20,971,520 bytes) send JSON, then post the `fields` and the file "
    "as `file` to `upload.url` within 15 minutes. It is `checking` until its bytes have been "
    "validated, then `ready`, or `rejected` with a `reason`. Images are PNG, JPEG or WebP as "
    "detected from their bytes, whatever their name.",
    parameters=[IDEMPOTENCY_KEY],
    request={"multipart/form-data": FILE_FORM, "application/json": UploadRequest},
    returns={201: UploadAnswer},
    errors=[400, 409, 413, 415, 422],
    example=ANNOUNCED,
    examples={201: {"file": {**READY, "url": None, "status": "checking"}, "upload": FORM}},
)
def create_upload(request: Request) -> Reply:
    kind = content_type_of(request.event)
    if kind == "multipart/form-data":
        return Reply(201, _with_body(request))
    if kind == "application/json":
        return Reply(201, _announced(request))
    raise unsupported_media_type("Send multipart/form-data or application/json.")


@routes.get(
    "/api/uploads",
    id="listUploads",
    summary="Your uploads, newest first",
    parameters=[LIMIT, CURSOR, query("kind", {"type": "string", "enum": [*UploadKind]})],
    returns={200: UploadList},
    errors=[400],
    examples={200: {"items": [READY], "nextCursor": None}},
)
def list_uploads(request: Request) -> UploadList:
    page = request.services.uploads.list_uploads(
        request.owner,
        limit=page_limit(request.query),
        cursor=page_cursor(request.query),
        kind=one_of(UploadKind, request.query, "kind"),
    )
    return UploadList(items=[_view(request, u) for u in page.items], next_cursor=page.cursor)


def _with_body(request: Request) -> UploadAnswer:
    refuse_long_body(request.event, MAX_INLINE_BYTES, body_too_large)
    form = form_of(request.event)
    file = form.files.get("file")
    kind = parsed(UploadForm, dict(form.fields)).kind
    body = file.body if file else b""
    check_body(body)
    name = file.filename if file else ""
    take = request.services.create_upload
    upload = _once(
        request,
        fingerprint("upload", kind, name, body),
        lambda upload_id: take.create_inline(request.owner, upload_id, kind, name, body),
    )
    return UploadAnswer(file=_view(request, upload), upload=None)


def _announced(request: Request) -> UploadAnswer:
    sent = parsed(UploadRequest, json_object_of(request.event))
    claimed = validate_declared_type(sent.kind, sent.content_type, sent.size)
    take = request.services.create_upload
    upload = _once(
        request,
        fingerprint("upload", json.dumps(sent.model_dump(), sort_keys=True)),
        lambda upload_id: take.create_presigned(
            request.owner, upload_id, sent.kind, sent.filename, claimed, sent.size
        ),
    )
    form = take.form(upload.id, claimed, sent.size)
    target = UploadTarget(url=form.url, fields=dict(form.fields))
    return UploadAnswer(file=_view(request, upload), upload=target)


def _once(request: Request, content: str, create: Callable[[str], Upload]) -> Upload:
    """Store only the ID under an Idempotency-Key: URLs are signed again for each response."""
    made = request.services.execute_once(
        request.owner,
        request.idempotency_key,
        content,
        lambda upload_id: {"id": create(upload_id).id},
    )
    return find_upload(request.services.uploads, request.owner, made["id"])


def _view(request: Request, upload: Upload) -> UploadedFile:
    url = None
    if upload.ready:
        name = upload.original_name if upload.kind is UploadKind.CSV else None
        url = request.sign(keys.upload(upload.id), URL_SECONDS, name)
    return UploadedFile(
        id=upload.id,
        url=url,
        original_name=upload.original_name,
        kind=upload.kind,
        status=upload.status,
        reason=upload.reason,
        created_at=upload.created_at,
    )
