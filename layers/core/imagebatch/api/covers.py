"""The first thumbnails of each batch in a list, if requested."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from imagebatch.api.parameters import query
from imagebatch.api.request import Request
from imagebatch.domain.batch import Batch
from imagebatch.domain.errors import InvalidRequestError
from imagebatch.schemas.links import thumbnail_url

MAX_COVERS = 4
ITEMS_LOOKED_AT = 8
"""Per batch: failed items have no thumbnail."""
READS_AT_ONCE = 8
COVERS = query(
    "thumbnails",
    {"type": "integer", "minimum": 0, "maximum": MAX_COVERS, "default": 0},
    "How many thumbnails to show of each batch.",
)


def covers(request: Request, batches: Sequence[Batch]) -> Mapping[str, list[str]]:
    """Presigned URLs by batch ID; empty if none are requested."""
    count = _count(request.query.get("thumbnails"))
    if not count:
        return {}
    with ThreadPoolExecutor(READS_AT_ONCE) as pool:
        found = pool.map(lambda batch: _of(request, batch, count), batches)
        return {batch.id: urls for batch, urls in zip(batches, found, strict=True)}


def _of(request: Request, batch: Batch, count: int) -> list[str]:
    if not batch.counts.succeeded or request.services.clock.now() >= batch.retention_ends_at:
        return []
    items = request.services.store.items(batch.owner, batch.id, limit=ITEMS_LOOKED_AT)
    images = [item.image for item in items if item.image is not None]
    return [thumbnail_url(image, request.sign) for image in images[:count]]


def _count(text: str | None) -> int:
    if not text:
        return 0
    if text not in {str(n) for n in range(MAX_COVERS + 1)}:
        raise InvalidRequestError(
            "invalid-thumbnails", f"thumbnails must be a number from 0 to {MAX_COVERS}"
        )
    return int(text)
