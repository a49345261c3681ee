"""Response models of one item with its versions."""

from collections.abc import Sequence
from datetime import datetime

from imagebatch.domain.batch import Batch
from imagebatch.domain.images import Version
from imagebatch.domain.item import Item
from imagebatch.domain.round_input import round_prompt
from imagebatch.schemas.answers import ItemDetail, VersionAnswer
from imagebatch.schemas.links import URL_SECONDS, Sign, thumbnail_url
from imagebatch.schemas.views import item_fields
from imagebatch.structs import replace


def item_detail(
    batch: Batch,
    item: Item,
    now: datetime,
    sign: Sign,
    *,
    columns: Sequence[str],
    cells: Sequence[str],
) -> ItemDetail:
    versions = enumerate(item.all_versions, start=1)
    return ItemDetail(
        **item_fields(batch, item, sign),
        batch_id=batch.id,
        prompt=item.prompt,
        aspect_ratio=item.aspect_ratio,
        columns=list(columns),
        cells=list(cells),
        versions=[_version(batch, item, number, each, now, sign) for number, each in versions],
    )


def _version(
    batch: Batch, item: Item, number: int, version: Version, now: datetime, sign: Sign
) -> VersionAnswer:
    left = int((batch.retention_ends_at - now).total_seconds())
    there = not version.lost and left > 0
    return VersionAnswer(
        version=number,
        round=version.round,
        url=sign(version.image.key, min(URL_SECONDS, left), None) if there else None,
        thumbnail_url=thumbnail_url(version.image, sign) if there else None,
        file=version.file,
        model=version.model or None,
        prompt=round_prompt(replace(item, note=version.note)),
        note=version.note or None,
        cost=version.cost,
        created_at=version.created_at,
        chosen=number == item.chosen_number,
    )
