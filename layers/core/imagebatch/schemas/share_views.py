"""Response models of shared batches: images, results and the archive, without owner or cost."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from imagebatch.domain.batch import Batch
from imagebatch.domain.effective_status import effective_item_status
from imagebatch.domain.errors import FailureCode
from imagebatch.domain.images import Version
from imagebatch.domain.item import Item
from imagebatch.domain.model_registry import Mode
from imagebatch.domain.round_input import round_prompt
from imagebatch.domain.shares import Share
from imagebatch.domain.statuses import BatchStatus, ItemStatus, Kind, Outcome
from imagebatch.schemas.answer_fields import Link, ResponseModel, Timestamp
from imagebatch.schemas.links import URL_SECONDS, Sign, archive_links, thumbnail_url
from imagebatch.structs import replace

VIEWER_URL_SECONDS = 300


class ShareAnswer(ResponseModel):
    """`url` holds the token in its fragment, which browsers do not send."""

    id: str
    url: Link
    token: str
    created_at: Timestamp
    expires_at: Timestamp


class ShareList(ResponseModel):
    items: list[ShareAnswer]
    next_cursor: str | None


class SharedVersion(ResponseModel):
    version: int
    url: Link | None
    thumbnail_url: Link | None
    chosen: bool


class SharedItem(ResponseModel):
    index: int
    custom_id: str
    row: int | None
    status: ItemStatus
    file: str | None
    caption: Annotated[
        str,
        Field(
            description="The make, model and year, the variant, or the beginning of the prompt; "
            "empty where none of them names the image."
        ),
    ]
    prompt: str
    url: Link | None
    thumbnail_url: Link | None
    code: FailureCode | None
    reason: str | None
    versions: list[SharedVersion]


class SharedBatch(ResponseModel):
    kind: Kind
    name: str
    status: BatchStatus
    outcome: Outcome | None
    mode: Mode
    total: int
    done: int
    failed: int
    cancelled: int
    pending: int
    processing: int
    percent: int
    zip_url: Link | None
    failed_rows_url: Link | None
    failed_rows_csv_url: Link | None
    created_at: Timestamp
    finished_at: Timestamp | None
    expires_at: Timestamp
    """Return when the link expires."""
    items: list[SharedItem]
    next_cursor: str | None


def viewer_sign(share: Share, now: datetime, sign: Sign) -> Sign:
    """Return a signer for viewers: URLs are valid for five minutes, never longer than the link."""
    left = int((share.expires_at - now).total_seconds())
    max_seconds = max(1, min(VIEWER_URL_SECONDS, left))
    return lambda key, seconds, filename: sign(key, min(seconds, max_seconds), filename)


def shared_batch(
    share: Share,
    batch: Batch,
    items: list[SharedItem],
    next_cursor: str | None,
    now: datetime,
    sign: Sign,
) -> SharedBatch:
    counts = batch.counts
    return SharedBatch(
        kind=batch.kind,
        name=batch.name,
        status=batch.effective_status(now),
        outcome=batch.outcome,
        mode=batch.mode,
        total=batch.total,
        done=counts.succeeded,
        failed=counts.failed,
        cancelled=counts.cancelled,
        pending=counts.pending,
        processing=counts.processing,
        percent=counts.percent,
        **archive_links(batch, now, sign),
        created_at=batch.created_at,
        finished_at=batch.finished_at,
        expires_at=share.expires_at,
        items=items,
        next_cursor=next_cursor,
    )


def shared_item(batch: Batch, item: Item, caption: str, sign: Sign) -> SharedItem:
    status = effective_item_status(batch, item)
    failure = item.failure if status is ItemStatus.FAILED else None
    chosen, image = item.chosen_version, item.image
    versions = enumerate(item.all_versions, start=1)
    return SharedItem(
        index=item.index,
        custom_id=item.custom_id,
        row=item.row,
        status=status,
        file=item.file,
        caption=caption,
        prompt=round_prompt(replace(item, note=chosen.note) if chosen else item),
        url=sign(image.key, URL_SECONDS, None) if image else None,
        thumbnail_url=thumbnail_url(image, sign) if image else None,
        code=failure.code if failure else None,
        reason=failure.reason if failure else None,
        versions=[_version(item, number, version, sign) for number, version in versions],
    )


def _version(item: Item, number: int, version: Version, sign: Sign) -> SharedVersion:
    image = None if version.lost else version.image
    return SharedVersion(
        version=number,
        url=sign(image.key, URL_SECONDS, None) if image else None,
        thumbnail_url=thumbnail_url(image, sign) if image else None,
        chosen=number == item.chosen_number,
    )
