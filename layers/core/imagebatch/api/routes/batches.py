"""Every kind of batch: status, items, list, download, cancel."""

from datetime import timedelta

from imagebatch.api.covers import COVERS, covers
from imagebatch.api.http import (
    item_cursor,
    json_object_of,
    one_of,
    page_cursor,
    page_limit,
    search_words,
)
from imagebatch.api.parameters import (
    BATCH_ID,
    CURSOR,
    ITEM_CURSOR,
    KIND,
    LIMIT,
    NAME_PART,
    STATUS,
)
from imagebatch.api.request import Request
from imagebatch.api.response import JSON, Reply, Response
from imagebatch.api.routing import Routes
from imagebatch.domain.batch import Batch
from imagebatch.domain.errors import GoneError, StateConflictError
from imagebatch.domain.statuses import BatchStatus, Kind
from imagebatch.ports.page import Page
from imagebatch.schemas.answers import ArchiveUrl, BatchAnswer, BatchPage, BatchStatusAnswer
from imagebatch.schemas.links import download_name, url_seconds
from imagebatch.schemas.request_parsing import parsed
from imagebatch.schemas.round_requests import RenameBody
from imagebatch.schemas.views import batch_fields, batch_view, item_view, listed_fields

routes = Routes("Batches")


@routes.get(
    "/api/batch/{batch_id}",
    id="getBatch",
    tag="Car batches",
    summary="The status of a batch",
    parameters=[BATCH_ID],
    returns={200: BatchAnswer},
    errors=[404],
)
def get_batch(request: Request, batch_id: str) -> BatchAnswer:
    return _view(request, request.services.records.batch(request.owner, batch_id))


@routes.get(
    "/api/v1/batch",
    id="listBatches",
    summary="Your batches of every kind, newest first",
    parameters=[LIMIT, CURSOR, STATUS, KIND, NAME_PART, COVERS],
    returns={200: BatchPage},
    errors=[400],
)
def list_batches(request: Request) -> BatchPage:
    page, now = batch_page(request), request.services.clock.now()
    shown = covers(request, page.items)
    items = [BatchAnswer(**listed_fields(batch, now, request.sign, shown)) for batch in page.items]
    return BatchPage(items=items, next_cursor=page.cursor)


@routes.patch(
    "/api/batches/{batch_id}",
    id="renameBatch",
    summary="Rename a batch",
    parameters=[BATCH_ID],
    request=RenameBody,
    returns={200: BatchAnswer},
    errors=[400, 404, 422],
    example={"name": "Spring hub"},
)
def rename_batch(request: Request, batch_id: str) -> BatchAnswer:
    sent = parsed(RenameBody, json_object_of(request.event))
    return _view(request, request.services.rename_batch(request.owner, batch_id, sent.name))


@routes.get(
    "/api/v1/batch/{batch_id}/status",
    id="getBatchStatus",
    summary="A batch with the status of its items",
    parameters=[BATCH_ID, LIMIT, ITEM_CURSOR],
    returns={200: BatchStatusAnswer},
    errors=[400, 404],
)
def get_batch_status(request: Request, batch_id: str) -> BatchStatusAnswer:
    services = request.services
    batch = services.records.batch(request.owner, batch_id)
    limit, start = page_limit(request.query), item_cursor(request.query)
    found = list(services.store.items(request.owner, batch_id, start=start, limit=limit + 1))
    return BatchStatusAnswer(
        **batch_fields(batch, services.clock.now(), request.sign),
        items=[item_view(batch, item, request.sign) for item in found[:limit]],
        next_cursor=str(found[limit].index) if len(found) > limit else None,
    )


@routes.get(
    "/api/v1/batch/{batch_id}/download",
    id="downloadBatch",
    summary="The archive: a redirect, or its URL with `Accept: application/json`",
    parameters=[BATCH_ID],
    returns={200: ArchiveUrl, 302: None},
    errors=[404, 409, 410],
)
def download_batch(request: Request, batch_id: str) -> Response | ArchiveUrl:
    batch = request.services.records.batch(request.owner, batch_id)
    url = _archive_url(request, batch)
    # A browser of another origin that follows a redirect has no origin that the bucket could allow.
    if JSON in (request.header("accept") or ""):
        now = request.services.clock.now()
        ends = now + timedelta(seconds=url_seconds(batch, now))
        return ArchiveUrl(url=url, expires_at=ends)
    return Response(302, headers={"Location": url})


@routes.post(
    "/api/v1/batch/{batch_id}/cancel",
    id="cancelBatch",
    summary="Cancel a batch",
    parameters=[BATCH_ID],
    returns={202: BatchAnswer},
    errors=[404, 409],
)
def cancel_batch(request: Request, batch_id: str) -> Reply:
    batch = request.services.cancel(request.owner, batch_id)
    where = request.absolute(f"/api/v1/batch/{batch_id}/status")
    return Reply(202, _view(request, batch), {"Location": where})


def batch_page(request: Request) -> Page[Batch]:
    now = request.services.clock.now()
    status = one_of(BatchStatus, request.query, "status")
    part = search_words(request.query).strip().casefold()
    return request.services.store.list_batches(
        request.owner,
        limit=page_limit(request.query),
        cursor=page_cursor(request.query),
        kind=one_of(Kind, request.query, "kind"),
        keep=lambda batch: (
            status in (None, batch.effective_status(now)) and part in batch.name.casefold()
        ),
    )


def _view(request: Request, batch: Batch) -> BatchAnswer:
    return batch_view(batch, request.services.clock.now(), request.sign)


def _archive_url(request: Request, batch: Batch) -> str:
    now = request.services.clock.now()
    archive = batch.available_archive(now)
    if archive is not None:
        return request.sign(archive.key, url_seconds(batch, now), download_name(batch))
    if batch.expired(now):
        raise GoneError(
            "expired",
            "Archive has expired",
            detail="The archive was deleted. A retry builds it again while the images are kept.",
        )
    raise StateConflictError(
        "not-ready", "Archive is not ready", detail=f"The batch is {batch.status}.", retry_after=2
    )
