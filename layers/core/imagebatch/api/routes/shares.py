"""Share links: managing them, and the public view of a shared batch."""

from imagebatch.api.http import item_cursor, json_object_of, page_limit
from imagebatch.api.parameters import BATCH_ID, ID, IDEMPOTENCY_KEY, ITEM_CURSOR, LIMIT, path
from imagebatch.api.request import Request
from imagebatch.api.response import Reply, Response
from imagebatch.api.routing import Routes
from imagebatch.domain.batch import Batch
from imagebatch.domain.errors import GoneError, NotFoundError
from imagebatch.domain.shares import Share
from imagebatch.intake.captions import captions_of
from imagebatch.schemas.request_parsing import parsed
from imagebatch.schemas.round_requests import ShareBody
from imagebatch.schemas.share_views import (
    ShareAnswer,
    SharedBatch,
    ShareList,
    shared_batch,
    shared_item,
    viewer_sign,
)
from imagebatch.usecases.idempotency import fingerprint

SHARE_ID = path("share_id", {"type": "string", "pattern": ID}, "The ID of a share link.")
HEADER = "Share-Token"
TOKEN = {
    "name": HEADER,
    "in": "header",
    "required": True,
    "schema": {"type": "string"},
    "description": "The part after `#` in the link.",
}
routes = Routes("Batches")


@routes.post(
    "/api/batches/{batch_id}/share",
    id="shareBatch",
    summary="Create a link that shows this batch to anyone who has it",
    description="Shows images, results and ZIP, read-only, until it expires or is revoked. Only a "
    "hash of its token is stored. It never outlives the batch's images.",
    parameters=[BATCH_ID, IDEMPOTENCY_KEY],
    request=ShareBody,
    returns={201: ShareAnswer},
    errors=[400, 404, 409, 410, 422],
    example={"hours": 48},
)
def share_batch(request: Request, batch_id: str) -> Reply:
    sent = parsed(ShareBody, json_object_of(request.event))
    services, owner = request.services, request.owner
    services.records.batch(owner, batch_id)
    result = services.execute_once(
        owner,
        request.idempotency_key,
        fingerprint("share", batch_id, str(sent.hours)),
        lambda share_id: {"id": services.shares.create(owner, batch_id, share_id, sent.hours).id},
    )
    return Reply(201, _answer(request, services.shares.find(owner, batch_id, str(result["id"]))))


@routes.get(
    "/api/batches/{batch_id}/share",
    id="listShares",
    summary="The valid links of this batch, newest first",
    parameters=[BATCH_ID],
    returns={200: ShareList},
    errors=[404],
)
def list_shares(request: Request, batch_id: str) -> ShareList:
    found = request.services.shares.of_batch(request.owner, batch_id)
    return ShareList(items=[_answer(request, share) for share in found], next_cursor=None)


@routes.delete(
    "/api/batches/{batch_id}/share/{share_id}",
    id="revokeShare",
    summary="Revoke a link",
    parameters=[BATCH_ID, SHARE_ID],
    returns={204: None},
    errors=[404],
)
def revoke_share(request: Request, batch_id: str, share_id: str) -> Response:
    request.services.shares.revoke(request.owner, batch_id, share_id)
    return Response(204)


@routes.get(
    "/api/shared/{share_id}",
    id="getShared",
    summary="What a link shows: the batch with a page of its items",
    description="Presigned URLs in it are valid for five minutes. An expired, revoked or "
    "unknown link always returns the same 404.",
    parameters=[SHARE_ID, TOKEN, LIMIT, ITEM_CURSOR],
    returns={200: SharedBatch},
    errors=[400, 404],
    public=True,
)
def get_shared(request: Request, share_id: str) -> SharedBatch:
    services = request.services
    limit, start = page_limit(request.query), item_cursor(request.query)
    share, batch = services.open_share(share_id, request.header(HEADER.lower()) or "")
    now = services.clock.now()
    sign = viewer_sign(share, now, request.sign)
    found = list(services.store.items(batch.owner, batch.id, start=start, limit=limit + 1))
    captions = _captions(request, batch)
    items = [shared_item(batch, item, captions[item.index], sign) for item in found[:limit]]
    next_cursor = str(found[limit].index) if len(found) > limit else None
    return shared_batch(share, batch, items, next_cursor, now, sign)


def _captions(request: Request, batch: Batch) -> list[str]:
    try:
        return captions_of(request.services.read_input(batch.owner, batch.id))
    except (GoneError, NotFoundError):  # deleted since the link was opened
        return [""] * batch.total


def _answer(request: Request, share: Share) -> ShareAnswer:
    token = request.services.shares.token(share.owner, share.id)
    return ShareAnswer(
        id=share.id,
        url=request.absolute(f"/shared/{share.id}#{token}"),
        token=token,
        created_at=share.created_at,
        expires_at=share.expires_at,
    )
