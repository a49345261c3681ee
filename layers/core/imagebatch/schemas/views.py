"""Response models of batches and items, filled in from the domain."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from imagebatch.domain.batch import Batch
from imagebatch.domain.batch_manifest import BatchManifest, RowProblem
from imagebatch.domain.effective_status import effective_item_status, last_redo_of
from imagebatch.domain.images import Image
from imagebatch.domain.item import Item, ItemSpec
from imagebatch.domain.notice import Notice, warning_texts
from imagebatch.domain.round_state import ItemError, ProviderWait
from imagebatch.domain.statuses import ItemStatus
from imagebatch.schemas.answers import (
    ArchiveStateAnswer,
    BatchAnswer,
    Cost,
    ItemAnswer,
    LastRedoAnswer,
    NoticeAnswer,
    RowError,
    WaitingFor,
)
from imagebatch.schemas.links import URL_SECONDS, Sign, archive_links, thumbnail_url
from imagebatch.schemas.submission_answers import CellProblem, PreviewItem


def batch_view(batch: Batch, now: datetime, sign: Sign | None) -> BatchAnswer:
    """Without `sign`, URLs are null: for documents that are read after a URL would have expired."""
    return BatchAnswer(**batch_fields(batch, now, sign))


def batch_fields(batch: Batch, now: datetime, sign: Sign | None) -> dict[str, Any]:
    """Return the fields that every response model of a batch has."""
    counts = batch.counts
    return {
        "batch_id": batch.id,
        "kind": batch.kind,
        "name": batch.name,
        "status": batch.effective_status(now),
        "outcome": batch.outcome,
        "mode": batch.mode,
        "model": batch.model,
        "round": batch.round,
        "total": batch.total,
        "done": counts.succeeded,
        "failed": counts.failed,
        "cancelled": counts.cancelled,
        "pending": counts.pending,
        "processing": counts.processing,
        "percent": counts.percent,
        **archive_links(batch, now, sign),
        "archive": archive_view(batch, now),
        "retriable": counts.failed - batch.rejected,
        "errors": [_error(error) for error in batch.errors],
        "cost": Cost(
            estimated=batch.estimated,
            committed=batch.money.committed,
            actual=batch.money.actual,
            max=batch.max_cost,
        ),
        "eta": batch.eta(now),
        "waiting_for": _waiting(batch.waiting_for(now)),
        "warnings": list(warning_texts(batch.notices)),
        "notices": notice_answers(batch.notices),
        "metadata": dict(batch.metadata),
        "created_at": batch.created_at,
        "started_at": batch.started_at,
        "archiving_at": batch.archiving_at,
        "finished_at": batch.finished_at,
        "cancelling_at": batch.cancelling_at,
        "expires_at": batch.expires_at,
    }


def listed_fields(
    batch: Batch, now: datetime, sign: Sign, covers: Mapping[str, list[str]]
) -> dict[str, Any]:
    """Return the fields of a batch in a list, with thumbnails if requested."""
    thumbnails = {"thumbnails": covers[batch.id]} if batch.id in covers else {}
    return batch_fields(batch, now, sign) | thumbnails


def archive_view(batch: Batch, now: datetime) -> ArchiveStateAnswer:
    archive = batch.available_archive(now)
    return ArchiveStateAnswer(
        state=batch.archive_state(now),
        outdated=archive is not None and batch.archive_outdated,
        built_at=archive.built_at if archive else None,
        expires_at=batch.expires_at,
    )


def notice_answers(notices: Iterable[Notice]) -> list[NoticeAnswer]:
    return [
        NoticeAnswer(
            code=notice.code,
            level=notice.level,
            message=notice.message,
            row=notice.row,
            column=notice.column,
        )
        for notice in notices
    ]


def item_view(batch: Batch, item: Item, sign: Sign) -> ItemAnswer:
    return ItemAnswer(**item_fields(batch, item, sign))


def item_fields(batch: Batch, item: Item, sign: Sign) -> dict[str, Any]:
    """Return the fields that every response model of an item has."""
    status = effective_item_status(batch, item)
    failure = item.failure if status is ItemStatus.FAILED else None
    chosen = item.chosen_version
    redo = last_redo_of(batch, item)
    return {
        "index": item.index,
        "custom_id": item.custom_id,
        "row": item.row,
        "status": status,
        "file": item.file,
        **_image_fields(item.image, sign),
        "code": failure.code if failure else None,
        "reason": failure.reason if failure else None,
        "attempts": item.state.attempts,
        "cost": item.cost,
        "seconds": item.state.seconds,
        "model": (chosen.model or None) if chosen else None,
        "version_count": len(item.all_versions),
        "chosen_version": item.chosen_number,
        "note": item.note or None,
        "last_redo": redo and LastRedoAnswer(round=redo.round, code=redo.code, reason=redo.reason),
    }


def _image_fields(image: Image | None, sign: Sign) -> dict[str, Any]:
    if image is None:
        return dict.fromkeys(("url", "thumbnail_url", "sha256", "ai_mark", "size", "crc32"))
    provenance = image.provenance
    return {
        "url": sign(image.key, URL_SECONDS, None),
        "thumbnail_url": thumbnail_url(image, sign),
        "sha256": provenance.sha256 if provenance else None,
        "ai_mark": provenance.mark if provenance else None,
        "size": image.size,
        "crc32": f"{image.crc32:08x}",
    }


PREVIEW_FIRST, PREVIEW_PAGE, PREVIEW_PROBLEMS = 10, 100, 1_000


def preview_page(
    manifest: BatchManifest, cursor: str | None, limit: int | None
) -> tuple[list[ItemSpec], str | None]:
    """Return a page of a dry run; the first has the first items and all with a problem."""
    start = int(cursor or 0)
    end = start + (limit or (PREVIEW_PAGE if cursor else PREVIEW_FIRST))
    shown = list(manifest.items[start:end])
    if cursor is None:
        rest = (spec for spec in manifest.items[end:] if spec.failure)
        shown += islice(rest, PREVIEW_PROBLEMS)
    return shown, str(end) if end < len(manifest.items) else None


def preview_items(
    specs: Iterable[ItemSpec], problems: Mapping[int, Sequence[RowProblem]]
) -> list[PreviewItem]:
    """Return what would be generated, with file names and prices."""
    return [_preview_item(spec, problems.get(spec.row or 0, ())) for spec in specs]


def _preview_item(spec: ItemSpec, problems: Sequence[RowProblem]) -> PreviewItem:
    failed: dict[str, Any] = {}
    if spec.failure:
        failed = {"code": spec.failure.code, "reason": spec.failure.reason}
    return PreviewItem(
        row=spec.row,
        custom_id=spec.custom_id,
        prompt=spec.prompt,
        file=None if spec.failure else f"{spec.stem}.png",
        input=dict(spec.input),
        price=spec.price,
        cells=list(spec.cells),
        problems=[
            CellProblem(
                column=each.column,
                value=each.value,
                message=each.message,
                suggestion=each.suggestion,
            )
            for each in problems
        ],
        **failed,
    )


def _error(error: ItemError) -> RowError:
    return RowError(
        row=error.row,
        custom_id=error.custom_id,
        code=error.failure.code,
        reason=error.failure.reason,
        retryable=error.failure.code.retryable,
    )


def _waiting(waiting: ProviderWait | None) -> WaitingFor | None:
    return None if waiting is None else WaitingFor(reason=waiting.reason, until=waiting.until)
