"""Every kind of batch: status, items, list, download, cancel, retry."""

from typing import Any

from imagebatch.api.context import Context
from imagebatch.api.http import answer, one_of, page_limit, query_of
from imagebatch.api.response import Response
from imagebatch.domain.batch import Batch, BatchStatus, Kind
from imagebatch.domain.errors import InvalidRequestError, StateConflictError
from imagebatch.ports import Page
from imagebatch.schemas.views import (
    batch_view,
    download_name,
    item_view,
    paged,
    url_seconds,
    v1_view,
)
from imagebatch.usecases.idempotency import fingerprint


def register(context: Context) -> None:
    _views(context)
    _changes(context)


def _views(context: Context) -> None:
    app, services = context.app, context.services

    @app.get("/api/batch/<batch_id>")
    def get_batch(batch_id: str) -> Response:
        return answer(200, _view(context, services.records.batch(context.owner, batch_id)))

    @app.get("/api/v1/batch/<batch_id>/status")
    def get_status(batch_id: str) -> Response:
        batch = services.records.batch(context.owner, batch_id)
        query = query_of(context.event)
        limit, start = page_limit(query), item_cursor(query)
        now = services.clock.now()
        found = list(services.store.items(context.owner, batch_id, start=start, limit=limit + 1))
        items = [item_view(batch, item, context.sign) for item in found[:limit]]
        cursor = str(found[limit].index) if len(found) > limit else None
        view = v1_view(batch, now, context.sign)
        return answer(200, {**view, "items": items, "next_cursor": cursor})

    @app.get("/api/v1/batch")
    def list_batches() -> Response:
        page, now = page_of(context), services.clock.now()
        views = [v1_view(b, now, context.sign) for b in page.items]
        return answer(200, paged(views, page.cursor, snake_names=True))

    @app.get("/api/v1/batch/<batch_id>/download")
    def download(batch_id: str) -> Response:
        batch = services.records.batch(context.owner, batch_id)
        return Response(
            302,
            "application/json",
            "",
            {"Location": archive_url(context, batch), "Cache-Control": "no-store"},
        )


def _changes(context: Context) -> None:
    app, services = context.app, context.services

    @app.post("/api/v1/batch/<batch_id>/cancel")
    def cancel(batch_id: str) -> Response:
        batch = services.cancel(context.owner, batch_id)
        where = context.absolute(f"/api/v1/batch/{batch_id}/status")
        view = v1_view(batch, services.clock.now(), context.sign)
        return answer(202, view, {"Location": where})

    @app.post("/api/batches/<batch_id>/retry")
    def retry(batch_id: str) -> Response:
        services.execute_once(
            context.owner,
            context.idempotency_key,
            fingerprint("retry", batch_id),
            lambda request: {"round": services.retry(context.owner, batch_id, request).round},
        )
        batch = services.records.batch(context.owner, batch_id)
        where = context.absolute(f"/api/batch/{batch_id}")
        return answer(202, _view(context, batch), {"Location": where})


def _view(context: Context, batch: Batch) -> dict[str, Any]:
    return batch_view(batch, context.services.clock.now(), context.sign)


def page_of(context: Context) -> Page[Batch]:
    query, now = query_of(context.event), context.services.clock.now()
    status = one_of(BatchStatus, query, "status")
    return context.services.store.list_batches(
        context.owner,
        limit=page_limit(query),
        cursor=query.get("cursor") or None,
        kind=one_of(Kind, query, "kind"),
        keep=lambda batch: status is None or batch.effective_status(now) == status,
    )


def archive_url(context: Context, batch: Batch) -> str:
    now = context.services.clock.now()
    archive = batch.available_archive(now)
    if archive is not None:
        return context.sign(archive.key, url_seconds(batch, now), download_name(batch))
    if batch.expired(now):
        raise StateConflictError(
            "expired",
            "Archive has expired",
            detail="The archive was deleted. A retry builds it again while the images are kept.",
            status=410,
        )
    raise StateConflictError(
        "not-ready", "Archive is not ready", detail=f"The batch is {batch.status}.", retry_after=2
    )


def item_cursor(query: dict[str, str]) -> int:
    text = query.get("cursor") or "0"
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise InvalidRequestError("invalid-cursor", "The cursor is not one of ours")
    return int(text)
