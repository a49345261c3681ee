"""A batch and its items as clients see them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from imagebatch.domain.batch import (
    Batch,
    Item,
    ItemError,
    ItemStatus,
    Waiting,
    effective_item_status,
)
from imagebatch.domain.batch_manifest import BatchManifest
from imagebatch.schemas.wire import iso_timestamp, money, snake_case

URL_SECONDS = 900

type Sign = Callable[[str, int, str | None], str]
"""(key, seconds, file name or None to show it inline) -> a presigned URL."""


def download_name(batch: Batch) -> str:
    """What the archive is called on a person's disk."""
    return f"{batch.name or 'batch-' + batch.id[:8]}.zip"


def url_seconds(batch: Batch, now: datetime) -> int:
    """How long a URL of a batch may live: none outlives its archive."""
    if batch.expires_at is None:
        return URL_SECONDS
    return max(1, min(URL_SECONDS, int((batch.expires_at - now).total_seconds())))


def batch_view(batch: Batch, now: datetime, sign: Sign) -> dict[str, Any]:
    """The car API's view, camelCase."""
    return {
        "jobId": batch.id,
        "kind": batch.kind,
        "name": batch.name,
        "status": batch.effective_status(now),
        "outcome": batch.outcome,
        "mode": batch.mode,
        "model": batch.model,
        "round": batch.round,
        "total": batch.total,
        "done": batch.counts.succeeded,
        "failed": batch.counts.failed,
        "cancelled": batch.counts.cancelled,
        "pending": batch.counts.pending,
        "processing": batch.counts.processing,
        "percent": batch.counts.percent,
        **_links(batch, now, sign),
        "retriable": batch.counts.failed - batch.rejected,
        "errors": [_error(e) for e in batch.errors],
        "cost": {
            "estimated": money(batch.estimated),
            "committed": money(batch.committed),
            "actual": money(batch.actual),
            "max": None if batch.max_cost is None else money(batch.max_cost),
        },
        "eta": iso_timestamp(batch.eta(now)),
        "waitingFor": waiting_view(batch.waiting_for(now)),
        "metadata": dict(batch.metadata),
        **_times(batch),
    }


def v1_view(batch: Batch, now: datetime, sign: Sign) -> dict[str, Any]:
    """The same in snake_case, under `batch_id`."""
    view = batch_view(batch, now, sign)
    return {"batch_id": view.pop("jobId"), **snake_case(view)}


def item_view(batch: Batch, item: Item, sign: Sign) -> dict[str, Any]:
    status = effective_item_status(batch, item)
    failure = item.failure if status is ItemStatus.FAILED else None
    return {
        "index": item.index,
        "custom_id": item.custom_id,
        "row": item.row,
        "status": status,
        "file": item.file,
        "thumbnail_url": None if item.image is None else sign(item.image.key, URL_SECONDS, None),
        "code": failure.code if failure else None,
        "reason": failure.reason if failure else None,
        "attempts": item.attempts,
        "cost": money(item.cost),
        "seconds": item.seconds,
    }


def preview(plan: BatchManifest, batch_facts: Mapping[str, Any]) -> dict[str, Any]:
    """A dry run's answer: what would be made, under which names, at what price."""
    return {
        "dryRun": True,
        "total": len(plan.items),
        **batch_facts,
        "warnings": list(plan.warnings),
        "items": [
            {
                "row": item.row,
                "customId": item.custom_id,
                "prompt": item.prompt,
                "file": None if item.failure else f"{item.stem}.png",
                "input": dict(item.input),
                "price": money(item.price),
                **(
                    {"code": item.failure.code, "reason": item.failure.reason}
                    if item.failure
                    else {}
                ),
            }
            for item in plan.items
        ],
    }


def _links(batch: Batch, now: datetime, sign: Sign) -> dict[str, str | None]:
    archive = batch.available_archive(now)
    if archive is None:
        return {"zipUrl": None, "failedRowsUrl": None, "failedRowsCsvUrl": None}
    seconds = url_seconds(batch, now)
    failed, sheet = archive.failed_rows_key, archive.failed_rows_csv_key
    return {
        "zipUrl": sign(archive.key, seconds, download_name(batch)),
        "failedRowsUrl": sign(failed, seconds, "failed_rows.json") if failed else None,
        "failedRowsCsvUrl": sign(sheet, seconds, "failed_rows.csv") if sheet else None,
    }


def _error(error: ItemError) -> dict[str, Any]:
    return {
        "row": error.row,
        "customId": error.custom_id,
        "code": error.failure.code,
        "reason": error.failure.reason,
        "retryable": error.failure.code.retryable,
    }


def waiting_view(waiting: Waiting | None) -> dict[str, Any] | None:
    return (
        None
        if waiting is None
        else {"reason": waiting.reason, "until": iso_timestamp(waiting.until)}
    )


def _times(batch: Batch) -> dict[str, str | None]:
    return {
        "createdAt": iso_timestamp(batch.created_at),
        "startedAt": iso_timestamp(batch.started_at),
        "archivingAt": iso_timestamp(batch.archiving_at),
        "finishedAt": iso_timestamp(batch.finished_at),
        "cancellingAt": iso_timestamp(batch.cancelling_at),
        "expiresAt": iso_timestamp(batch.expires_at),
    }


def paged(items: Sequence[Any], cursor: str | None, *, snake_names: bool = False) -> dict[str, Any]:
    return {"items": list(items), "next_cursor" if snake_names else "nextCursor": cursor}
