"""The input of a batch: its rows as submitted."""

from collections.abc import Mapping
from typing import Any

from imagebatch.api.http import item_cursor, page_limit
from imagebatch.api.parameters import BATCH_ID, ITEM_CURSOR, LIMIT
from imagebatch.api.request import Request
from imagebatch.api.routing import Routes
from imagebatch.domain.item import ItemSpec
from imagebatch.schemas.answers import BatchInput, InputImage, InputItem
from imagebatch.schemas.links import URL_SECONDS
from imagebatch.usecases import keys

routes = Routes("Batches")


@routes.get(
    "/api/batches/{batch_id}/input",
    id="getBatchInput",
    summary="The rows of a batch as submitted, with their prompts",
    parameters=[BATCH_ID, LIMIT, ITEM_CURSOR],
    returns={200: BatchInput},
    errors=[400, 404, 406, 410],
)
def get_batch_input(request: Request, batch_id: str) -> BatchInput:
    limit, start = page_limit(request.query), item_cursor(request.query)
    batch = request.services.records.batch(request.owner, batch_id)
    manifest = request.services.read_input(request.owner, batch_id)
    end = start + limit
    return BatchInput(
        kind=manifest.kind,
        template=batch.options.get("template"),
        columns=list(manifest.header),
        items=[_input_item(request, spec) for spec in manifest.items[start:end]],
        next_cursor=str(end) if end < len(manifest.items) else None,
    )


def _input_item(request: Request, spec: ItemSpec) -> InputItem:
    urls = {kept: _url(request, kept) for kept in spec.images}
    return InputItem(
        index=spec.index,
        custom_id=spec.custom_id,
        row=spec.row,
        prompt=spec.prompt,
        aspect_ratio=spec.aspect_ratio,
        cells=list(spec.cells),
        images=[InputImage(url=url, upload_id=_upload_id(kept)) for kept, url in urls.items()],
        variant_id=spec.variant_id,
        settings={name: _with_urls(value, urls) for name, value in spec.settings.items()},
    )


def _url(request: Request, kept: str) -> str:
    is_ours = kept.startswith(keys.S3_PREFIX)
    return request.sign(kept.removeprefix(keys.S3_PREFIX), URL_SECONDS, None) if is_ours else kept


def _upload_id(kept: str) -> str | None:
    if not kept.startswith(keys.S3_PREFIX):
        return None
    return keys.upload_of(kept.removeprefix(keys.S3_PREFIX))


def _with_urls(value: Any, urls: Mapping[str, str]) -> Any:
    """Return URLs for the item's own images; other text was written by the client."""
    if isinstance(value, list):
        return [_with_urls(each, urls) for each in value]
    return urls.get(value, value) if isinstance(value, str) else value
