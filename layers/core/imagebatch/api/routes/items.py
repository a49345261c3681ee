"""One item of a batch: its versions, the choice among them, and its image as a file."""

from datetime import timedelta
from urllib.parse import unquote

from imagebatch.api.http import json_object_of
from imagebatch.api.parameters import BATCH_ID, path
from imagebatch.api.request import Request
from imagebatch.api.response import JSON, Response
from imagebatch.api.routing import Routes
from imagebatch.domain.batch import Batch
from imagebatch.domain.batch_manifest import decode_manifest
from imagebatch.domain.errors import StateConflictError
from imagebatch.domain.item import Item
from imagebatch.schemas.answers import ArchiveUrl, ItemDetail
from imagebatch.schemas.item_views import item_detail
from imagebatch.schemas.links import URL_SECONDS
from imagebatch.schemas.request_parsing import parsed
from imagebatch.schemas.round_requests import ChoiceBody
from imagebatch.usecases import keys

CUSTOM_ID = path(
    "custom_id",
    {"type": "string", "minLength": 1, "maxLength": 64},
    "The item's ID, percent-encoded.",
)
routes = Routes("Batches")


@routes.get(
    "/api/v1/batch/{batch_id}/items/{custom_id}",
    id="getItem",
    summary="An item with its versions",
    parameters=[BATCH_ID, CUSTOM_ID],
    returns={200: ItemDetail},
    errors=[404],
)
def get_item(request: Request, batch_id: str, custom_id: str) -> ItemDetail:
    batch = request.services.records.batch(request.owner, batch_id)
    item = request.services.find_items.one(batch, unquote(custom_id))
    return _detail(request, batch, item)


@routes.put(
    "/api/v1/batch/{batch_id}/items/{custom_id}/choice",
    id="chooseVersion",
    summary="Choose the version of an item that goes into the archive",
    description="This does not rebuild the archive: `archive.outdated` becomes true, and "
    "`POST /api/batches/{batch_id}/archive` rebuilds it.",
    parameters=[BATCH_ID, CUSTOM_ID],
    request=ChoiceBody,
    returns={200: ItemDetail},
    errors=[400, 404, 410, 422],
    example={"version": 1},
)
def choose_version(request: Request, batch_id: str, custom_id: str) -> ItemDetail:
    sent = parsed(ChoiceBody, json_object_of(request.event))
    batch, item = request.services.choose_version(
        request.owner, batch_id, unquote(custom_id), sent.version
    )
    return _detail(request, batch, item)


@routes.get(
    "/api/v1/batch/{batch_id}/items/{custom_id}/download",
    id="downloadImage",
    summary="The chosen image as a file: a redirect, or its URL with `Accept: application/json`",
    parameters=[BATCH_ID, CUSTOM_ID],
    returns={200: ArchiveUrl, 302: None},
    errors=[404, 409, 410],
)
def download_image(request: Request, batch_id: str, custom_id: str) -> Response | ArchiveUrl:
    services = request.services
    batch = services.records.batch(request.owner, batch_id)
    item = services.find_items.one(batch, unquote(custom_id))
    if item.image is None:
        raise StateConflictError(
            "no-image", "Item has no image", detail=f"{item.custom_id} has no image yet."
        )
    url = request.sign(item.image.key, URL_SECONDS, item.file)
    if JSON in (request.header("accept") or ""):
        ends = services.clock.now() + timedelta(seconds=URL_SECONDS)
        return ArchiveUrl(url=url, expires_at=ends)
    return Response(302, headers={"Location": url})


def _detail(request: Request, batch: Batch, item: Item) -> ItemDetail:
    services = request.services
    body = services.media.get(keys.plan(batch.id))
    plan = decode_manifest(body) if body is not None else None
    return item_detail(
        batch,
        item,
        services.clock.now(),
        request.sign,
        columns=plan.header if plan else (),
        cells=plan.items[item.index].cells if plan else (),
    )
