"""The catalog, folders and variant batches as clients see them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from imagebatch.domain.asset_library import Folder, VariantFolder, folder_id, image_id
from imagebatch.domain.batch import Batch, Item, ItemStatus, effective_item_status
from imagebatch.intake.catalog import Variant
from imagebatch.schemas.views import URL_SECONDS, Sign, batch_view
from imagebatch.schemas.wire import iso_timestamp


def products_view(variants: Iterable[Variant]) -> list[dict[str, Any]]:
    """Grouped by product; one that goes over the edge of a page is on both."""
    products = []
    for product_id, found in groupby(variants, lambda variant: variant.product_id):
        members = list(found)
        products.append(
            {
                "productId": product_id,
                "productTitle": members[0].product_title,
                "variants": [
                    {"variantId": v.id, "variantTitle": v.title, "imageUrl": v.image_url}
                    for v in members
                ],
            }
        )
    return products


def folder_view(
    name: str, batch_id: str, variant_id: int | None, items: Sequence[Any], cursor: str | None
) -> dict[str, Any]:
    return {
        "id": folder_id(batch_id, variant_id),
        "name": name,
        "batchId": batch_id,
        "variantId": variant_id,
        "items": list(items),
        "nextCursor": cursor,
    }


def picture_view(id_: str, key: str, file: str, at: datetime, sign: Sign) -> dict[str, Any]:
    return {
        "id": id_,
        "url": sign(key, URL_SECONDS, None),
        "file": file,
        "createdAt": iso_timestamp(at),
    }


def with_folder(batch: Batch, now: datetime, sign: Sign) -> dict[str, Any]:
    """A batch in the list."""
    return {**batch_view(batch, now, sign), "folderId": folder_id(batch.id)}


def full_view(
    batch: Batch, folder: Folder | None, items: Iterable[Item], now: datetime, sign: Sign
) -> dict[str, Any]:
    """A batch with its variants, in their order; a variant's items may not be stored yet."""
    of_variant = {int(g): list(found) for g, found in groupby(items, lambda i: i.group) if g}
    variants = [
        _variant(batch, one, of_variant.get(one.variant_id, []), sign)
        for one in (folder.variants if folder else ())
    ]
    return {**with_folder(batch, now, sign), "variants": variants}


def _variant(
    batch: Batch, folder: VariantFolder, items: Sequence[Item], sign: Sign
) -> dict[str, Any]:
    statuses = [effective_item_status(batch, item) for item in items]
    pictures = [
        {
            "id": image_id(batch.id, item.index),
            "url": sign(item.image.key, URL_SECONDS, None),
            "createdAt": iso_timestamp(item.settled_at),
        }
        for item, status in zip(items, statuses, strict=True)
        if status is ItemStatus.SUCCEEDED and item.image is not None
    ]
    return {
        "variantId": folder.variant_id,
        "total": folder.count,
        "done": statuses.count(ItemStatus.SUCCEEDED),
        "failed": statuses.count(ItemStatus.FAILED),
        "folderId": folder_id(batch.id, folder.variant_id),
        "images": pictures,
    }


def previewed(
    preview: dict[str, Any], groups: Sequence[str], inputs: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """A dry run whose items show the client's own input, by variant, as it was sent."""
    items = [
        {**item, "input": dict(inputs[group])}
        for item, group in zip(preview["items"], groups, strict=True)
    ]
    return {**preview, "items": items}
