"""POST and GET /api/uploads: files of a caller, within the request or straight to the bucket."""

import json
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from imagebatch.api.context import Context
from imagebatch.api.http import (
    answer,
    content_type_of,
    form_of,
    json_object_of,
    one_of,
    page_limit,
    query_of,
)
from imagebatch.api.response import Response
from imagebatch.domain.errors import InvalidRequestError
from imagebatch.intake.uploads import (
    LARGEST_BODY,
    Upload,
    UploadKind,
    body_too_large,
    check_body,
    validate_declared_type,
)
from imagebatch.ports import PostForm
from imagebatch.schemas.requests import UploadForm, UploadRequest, parsed
from imagebatch.schemas.views import URL_SECONDS, paged
from imagebatch.schemas.wire import iso_timestamp
from imagebatch.usecases import keys
from imagebatch.usecases.idempotency import fingerprint
from imagebatch.usecases.uploads import found


def register(context: Context) -> None:
    @context.app.post("/api/uploads")
    def create_upload() -> Response:
        kind = content_type_of(context.event)
        if kind == "multipart/form-data":
            return _with_body(context)
        if kind == "application/json":
            return _announced(context)
        raise InvalidRequestError(
            "unsupported-media-type",
            "Unsupported content type",
            detail="Send multipart/form-data or application/json.",
            status=415,
        )

    @context.app.get("/api/uploads")
    def list_uploads() -> Response:
        query = query_of(context.event)
        page = context.services.uploads.list_uploads(
            context.owner,
            limit=page_limit(query),
            cursor=query.get("cursor") or None,
            kind=one_of(UploadKind, query, "kind"),
        )
        return answer(200, paged([upload_view(context, u) for u in page.items], page.cursor))


def _with_body(context: Context) -> Response:
    _check_size(context.event)
    form = form_of(context.event)
    file = form.files.get("file")
    kind = parsed(UploadForm, dict(form.fields)).kind
    body = file.body if file else b""
    check_body(body)
    name = file.filename if file else ""
    take = context.services.create_upload
    upload = _once(
        context,
        fingerprint("upload", kind, name, body),
        lambda upload_id: take.with_body(context.owner, upload_id, kind, name, body),
    )
    return answer(201, {"file": upload_view(context, upload), "upload": None})


def _announced(context: Context) -> Response:
    sent = parsed(UploadRequest, json_object_of(context.event))
    claimed = validate_declared_type(sent.kind, sent.content_type, sent.size)
    take = context.services.create_upload
    upload = _once(
        context,
        fingerprint("upload", json.dumps(sent.model_dump(), sort_keys=True)),
        lambda upload_id: take.announced(
            context.owner, upload_id, sent.kind, sent.filename, claimed, sent.size
        ),
    )
    form = take.form(upload.id, claimed, sent.size)
    return answer(201, {"file": upload_view(context, upload), "upload": _form_view(form)})


def _once(context: Context, content: str, create: Callable[[str], Upload]) -> Upload:
    """Keeps the id alone under an Idempotency-Key: addresses are signed anew for each answer."""
    made = context.services.execute_once(
        context.owner,
        context.idempotency_key,
        content,
        lambda upload_id: {"id": create(upload_id).id},
    )
    return found(context.services.uploads, context.owner, made["id"])


def upload_view(context: Context, upload: Upload) -> dict[str, Any]:
    url = None
    if upload.ready:
        name = upload.original_name if upload.kind is UploadKind.CSV else None
        url = context.sign(keys.upload(upload.id), URL_SECONDS, name)
    return {
        "id": upload.id,
        "url": url,
        "originalName": upload.original_name,
        "kind": upload.kind,
        "status": upload.status,
        "reason": upload.reason,
        "createdAt": iso_timestamp(upload.created_at),
    }


def _form_view(form: PostForm) -> dict[str, Any]:
    return {"url": form.url, "fields": dict(form.fields)}


def _check_size(event: APIGatewayProxyEventV2) -> None:
    """Refuses by the encoded length before anything is decoded."""
    length = len(event.get("body") or "")
    if length > LARGEST_BODY * (4 / 3 if event.is_base64_encoded else 1) + 65_536:
        raise body_too_large()
