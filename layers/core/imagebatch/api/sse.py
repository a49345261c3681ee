"""Server-sent events of a batch.

A change n has the IDs 2n-1 (its item) and 2n (the batch after it).
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime

from imagebatch.domain.batch import Batch
from imagebatch.domain.item import Item
from imagebatch.domain.round_state import ProviderWait
from imagebatch.domain.statuses import ItemStatus
from imagebatch.ports.records import ItemChange
from imagebatch.schemas.links import Sign, archive_links, thumbnail_url
from imagebatch.schemas.progress_events import EndEvent, ItemEvent, ProgressEvent, ProviderPause
from imagebatch.schemas.wire import iso_timestamp, money
from imagebatch.usecases.watch_batch import ProgressUpdate

RETRY_MILLISECONDS = 500


def after_of(last_event_id: str | None) -> int | None:
    """Return the change number of a Last-Event-ID; None for an invalid one."""
    text = (last_event_id or "").strip()
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        return None
    return (int(text) + 1) // 2


def stream(update: ProgressUpdate, now: datetime, sign: Sign) -> str:
    """One finite response; the client reconnects and continues after its last ID."""
    blocks = [*_items(update, sign), *_batch(update, now, sign)]
    # In its own block, or with a comment alone, common clients treat it as an empty message.
    return f"retry: {RETRY_MILLISECONDS}\n" + "".join(blocks) if blocks else ""


def _batch(update: ProgressUpdate, now: datetime, sign: Sign) -> Iterator[str]:
    """The current batch, unless nothing is new: then the response is empty."""
    if update.is_final:
        yield _event(2 * update.seq, update.batch.status, _end(update.batch, now, sign))
    elif update.is_news or update.items:
        yield _event(2 * update.seq, "progress", _progress(update, now))


def _items(update: ProgressUpdate, sign: Sign) -> Iterator[str]:
    told: list[tuple[int, Item | ItemChange, ItemStatus]] = [
        (c.seq, c.item, c.item.status) for c in update.changes if c.item is not None
    ]
    for seq, item, status in sorted([*told, *update.items], key=lambda each: each[0]):
        yield _event(2 * seq - 1, "item", _item(item, status, sign))


def _item(item: Item | ItemChange, status: ItemStatus, sign: Sign) -> ItemEvent:
    failure = item.failure if status is ItemStatus.FAILED else None
    image = item.image if status is ItemStatus.SUCCEEDED else None
    return {
        "index": item.index,
        "custom_id": item.custom_id,
        "row": item.row,
        "status": status,
        "file": item.file if image else None,
        "code": failure.code if failure else None,
        "reason": failure.reason if failure else None,
        "model": (_model_of(item) or None) if image else None,
        "thumbnail_url": thumbnail_url(image, sign) if image else None,
    }


def _model_of(item: Item | ItemChange) -> str:
    chosen = item.chosen_version if isinstance(item, Item) else item
    return chosen.model if chosen else ""


def _progress(update: ProgressUpdate, now: datetime) -> ProgressEvent:
    batch = update.batch
    last = update.changes[-1] if update.changes else None
    counts = last.counts if last else batch.counts
    return {
        "batch_id": batch.id,
        "status": last.status if last else batch.status,
        "total": counts.total,
        "pending": counts.pending,
        "processing": counts.processing,
        "succeeded": counts.succeeded,
        "failed": counts.failed,
        "cancelled": counts.cancelled,
        "percent": counts.percent,
        "cost": money(batch.money.actual),
        "eta": iso_timestamp(batch.eta(now)),
        "waiting_for": _waiting(batch.waiting_for(now)),
        "mode": batch.mode,
    }


def _waiting(waiting: ProviderWait | None) -> ProviderPause | None:
    if waiting is None:
        return None
    return {"reason": waiting.reason, "until": iso_timestamp(waiting.until)}


def _end(batch: Batch, now: datetime, sign: Sign) -> EndEvent:
    links = archive_links(batch, now, sign)
    return {
        "batch_id": batch.id,
        "status": batch.effective_status(now),
        "outcome": batch.outcome,
        "zip_url": links["zip_url"],
        "failed_rows_url": links["failed_rows_url"],
        "total": batch.total,
        "succeeded": batch.counts.succeeded,
        "failed": batch.counts.failed,
        "cancelled": batch.counts.cancelled,
        "cost": money(batch.money.actual),
    }


def _event(number: int, name: str, data: Mapping[str, object]) -> str:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"id: {number}\nevent: {name}\ndata: {text}\n\n"
