"""Response models of the catalog, folders and variant batches, filled in from the domain."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from imagebatch.domain.asset_library import Folder, VariantFolder, folder_id, image_id
from imagebatch.domain.batch import Batch
from imagebatch.domain.effective_status import effective_item_status
from imagebatch.domain.item import Item
from imagebatch.domain.statuses import ItemStatus
from imagebatch.intake.catalog import Variant
from imagebatch.schemas.links import URL_SECONDS, Sign, thumbnail_url
from imagebatch.schemas.submission_answers import PreviewItem
from imagebatch.schemas.variant_answers import (
    BatchVariant,
    BatchWithFolder,
    CatalogVariant,
    FolderAnswer,
    FolderImageAnswer,
    ImageAnswer,
    Product,
)
from imagebatch.schemas.views import listed_fields


def products_view(variants: Iterable[Variant]) -> list[Product]:
    """Group by product; one that spans two pages is listed on both."""
    products = []
    for product_id, found in groupby(variants, lambda variant: variant.product_id):
        members = list(found)
        products.append(
            Product(
                product_id=product_id,
                product_title=members[0].product_title,
                variants=[
                    CatalogVariant(variant_id=v.id, variant_title=v.title, image_url=v.image_url)
                    for v in members
                ],
            )
        )
    return products


def folder_view(
    name: str,
    batch_id: str,
    variant_id: int | None,
    images: Sequence[FolderImageAnswer],
    cursor: str | None,
) -> FolderAnswer:
    return FolderAnswer(
        id=folder_id(batch_id, variant_id),
        name=name,
        batch_id=batch_id,
        variant_id=variant_id,
        items=list(images),
        next_cursor=cursor,
    )


def with_folder(
    batch: Batch, now: datetime, sign: Sign, covers: Mapping[str, list[str]]
) -> BatchWithFolder:
    """A batch in the list."""
    return BatchWithFolder(**listed_fields(batch, now, sign, covers), folder_id=folder_id(batch.id))


def variants_view(
    batch: Batch, folder: Folder | None, items: Iterable[Item], sign: Sign
) -> list[BatchVariant]:
    """Return a batch's variants in order; a variant's items may not be stored yet."""
    of_variant = {id_: list(found) for id_, found in groupby(items, lambda i: i.variant_id)}
    return [
        _variant(batch, one, of_variant.get(one.variant_id, []), sign)
        for one in (folder.variants if folder else ())
    ]


def _variant(
    batch: Batch, folder: VariantFolder, items: Sequence[Item], sign: Sign
) -> BatchVariant:
    statuses = [effective_item_status(batch, item) for item in items]
    images = [
        ImageAnswer(
            id=image_id(batch.id, item.index),
            url=sign(item.image.key, URL_SECONDS, None),
            thumbnail_url=thumbnail_url(item.image, sign),
            created_at=item.state.settled_at,
        )
        for item, status in zip(items, statuses, strict=True)
        if status is ItemStatus.SUCCEEDED
        and item.image is not None
        and item.state.settled_at is not None
    ]
    return BatchVariant(
        variant_id=folder.variant_id,
        name=folder.name.replace("_", " "),
        total=folder.count,
        done=statuses.count(ItemStatus.SUCCEEDED),
        failed=statuses.count(ItemStatus.FAILED),
        folder_id=folder_id(batch.id, folder.variant_id),
        images=images,
    )


def with_client_input(
    items: Sequence[PreviewItem],
    variants: Sequence[int | None],
    inputs: Mapping[int | None, Mapping[str, Any]],
) -> list[PreviewItem]:
    """Return a dry run's items by variant, with the client's input as sent."""
    return [
        item.model_copy(update={"input": dict(inputs[variant_id])})
        for item, variant_id in zip(items, variants, strict=True)
    ]
