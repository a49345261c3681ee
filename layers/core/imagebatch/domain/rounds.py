"""State transitions of a batch, from round to round. Pure functions."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from imagebatch.domain.batch import Batch
from imagebatch.domain.budgets import reserve
from imagebatch.domain.effective_status import effective_item_status
from imagebatch.domain.errors import Failure, GoneError, StateConflictError
from imagebatch.domain.item import Item
from imagebatch.domain.money import ZERO
from imagebatch.domain.redos import Redo, index_ranges
from imagebatch.domain.round_state import Archive, ArchiveState, RoundState
from imagebatch.domain.statuses import RUNNING, BatchStatus, ItemStatus
from imagebatch.structs import replace


def abort_round(batch: Batch, failure: Failure) -> Batch:
    """Abort a round for which its provider accepts nothing: the remaining items fail without a
    request.
    """
    return replace(batch, state=replace(batch.state, abort_reason=failure, waiting=None))


def start_archiving_if_complete(batch: Batch, now: datetime) -> Batch:
    """Move a fully dispatched and settled round to archiving; only one call succeeds."""
    running = batch.status in RUNNING or batch.status is BatchStatus.CANCELLING
    if not running or batch.counts.unsettled or not batch.state.dispatched:
        return batch
    state = replace(batch.state, status=BatchStatus.ARCHIVING, waiting=None)
    return replace(batch, state=state, archiving_at=now)


def mark_dispatched(batch: Batch, now: datetime) -> Batch:
    """Record that the round's items and list are stored; a round with nothing to run is
    complete.
    """
    state = replace(batch.state, last_dispatched_round=batch.round)
    return start_archiving_if_complete(replace(batch, state=state), now)


def cancel(batch: Batch, now: datetime) -> Batch:
    """Cancel what is pending; repeating it has no further effect."""
    if batch.status in {BatchStatus.CANCELLING, BatchStatus.CANCELLED}:
        return batch
    if batch.status is BatchStatus.ARCHIVING and batch.cancelling_at is not None:
        return batch
    if batch.status not in RUNNING:
        raise StateConflictError(
            "not-cancellable",
            "Batch can no longer be cancelled",
            detail=f"The batch is {batch.status}; "
            "only a queued or processing batch can be cancelled.",
        )
    kept, pending = batch.state.pending_redos or 0, batch.counts.pending
    counts = batch.counts.transfer(ItemStatus.PENDING, ItemStatus.SUCCEEDED, kept).transfer(
        ItemStatus.PENDING, ItemStatus.CANCELLED, pending - kept
    )
    state = replace(
        batch.state,
        status=BatchStatus.CANCELLING,
        counts=counts,
        pending_redos=None,
        waiting=None,
    )
    return start_archiving_if_complete(replace(batch, state=state, cancelling_at=now), now)


def retry(batch: Batch, now: datetime) -> Batch:
    """Open the next round with the failed items, or rebuild a failed or expired archive."""
    check_can_open(batch, now)
    again = batch.counts.failed - batch.rejected
    if again:
        counts = batch.counts.transfer(ItemStatus.FAILED, ItemStatus.PENDING, again)
        errors = tuple(e for e in batch.errors if e.rejected)
        opened = replace(_next_round(batch, batch.state.open_next(again, counts)), errors=errors)
        # A batch from before `failed_price` was recorded reserves the price of all items.
        return reserve(opened, batch.money.failed_price or batch.estimated, now)
    if batch.available_archive(now) is None:
        state = replace(batch.state.next_attempt(), status=BatchStatus.ARCHIVING, archive=None)
        rebuilt = replace(_without_archive(batch), state=state, archiving_at=now)
        return reserve(rebuilt, ZERO, now)
    raise StateConflictError(
        "nothing-to-retry",
        "Nothing to retry",
        detail="No failed item of this batch can be retried.",
    )


def redo(
    batch: Batch,
    items: Sequence[Item],
    now: datetime,
    *,
    note: str | None = None,
    seed: int | None = None,
) -> Batch:
    """Open the next round with these items, whatever their status."""
    check_can_open(batch, now)
    counts = batch.counts
    for item in items:
        counts = counts.transfer(effective_item_status(batch, item), ItemStatus.PENDING)
    round_, indices = batch.round + 1, {item.index for item in items}
    opened = Redo(round=round_, items=index_ranges(indices), note=note, seed=seed)
    with_image = sum(item.image is not None for item in items)
    started = replace(
        _next_round(batch, batch.state.open_next(len(items), counts, with_image or None)),
        errors=tuple(e for e in batch.errors if e.index not in indices),
        redos=(*_past_redos(batch), opened),
    )
    return reserve(started, sum((item.price for item in items), ZERO), now)


def check_can_open(batch: Batch, now: datetime) -> None:
    """StateConflictError while the batch runs, GoneError once its images are past retention."""
    if not batch.finished:
        raise StateConflictError(
            "not-finished", "Batch is not finished", detail=f"The batch is {batch.status}."
        )
    check_retained(batch, now)


def check_retained(batch: Batch, now: datetime) -> None:
    if now >= batch.retention_ends_at:
        raise GoneError(
            "no-longer-retained",
            "Batch retention has ended",
            detail="The retention of this batch's images has ended: they can no longer be "
            "regenerated, chosen or archived.",
        )


def _next_round(batch: Batch, state: RoundState) -> Batch:
    return replace(
        _without_archive(batch),
        state=state,
        redos=_past_redos(batch),
        cancelling_at=None,
        round_started_at=None,
        money=batch.money.open_round(),
    )


def _past_redos(batch: Batch) -> tuple[Redo, ...]:
    """Drop the list of the last redo, unless a cancel left some of its items unclaimed."""
    if batch.redo is None:
        return batch.redos
    cancelled = batch.cancelling_at is not None
    return (*batch.redos[:-1], batch.redo.ended(cancelled=cancelled))


def _without_archive(batch: Batch) -> Batch:
    return replace(
        batch,
        state=replace(batch.state, archive=None),
        finished_at=None,
        expires_at=None,
        archiving_at=None,
        rebuilding_at=None,
        rebuild_attempt=None,
    )


REBUILD_PATIENCE = timedelta(minutes=30)
"""A build that has neither succeeded nor failed after this is considered lost."""


def rebuild(batch: Batch, now: datetime) -> Batch:
    """Allow an expired or outdated archive to be rebuilt; nothing else changes."""
    check_can_open(batch, now)
    if batch.rebuilding_at is not None and now < batch.rebuilding_at + REBUILD_PATIENCE:
        return batch
    archive_state = batch.archive_state(now)
    if archive_state is ArchiveState.FAILED:
        raise StateConflictError(
            "archive-failed",
            "Archive could not be built",
            detail="The archive of the last round could not be built. Retry the batch.",
        )
    if archive_state is ArchiveState.READY and not batch.archive_outdated:
        return batch
    state = batch.state.next_attempt()
    return replace(batch, state=state, rebuild_attempt=state.attempt, rebuilding_at=now)


def publish(batch: Batch, archive: Archive, now: datetime, ttl: timedelta) -> Batch:
    """End a round: its archive is complete and available, with an expiry in whole seconds."""
    whole = (now + ttl + timedelta(seconds=1, microseconds=-1)).replace(microsecond=0)
    if batch.rebuilding:
        rebuilt = replace(batch.state, archive=archive)
        return replace(batch, state=rebuilt, expires_at=whole, rebuilding_at=None)
    _check_archiving(batch)
    if batch.cancelling_at is not None:
        status = BatchStatus.CANCELLED
    elif batch.counts.succeeded:
        status = BatchStatus.COMPLETED
    else:
        status = BatchStatus.FAILED
    return replace(
        batch,
        state=replace(batch.state, status=status, archive=archive),
        finished_at=now,
        expires_at=whole,
        money=batch.money.end_round(),
    )


def give_up(batch: Batch, now: datetime) -> Batch:
    """The finalizer could not build the archive; `retry` tries again."""
    if batch.rebuilding:
        return replace(batch, rebuilding_at=None)
    _check_archiving(batch)
    return replace(
        batch,
        state=replace(batch.state, status=BatchStatus.FAILED, archive=None),
        finished_at=now,
        expires_at=None,
        money=batch.money.end_round(),
    )


def _check_archiving(batch: Batch) -> None:
    if batch.status is not BatchStatus.ARCHIVING:
        raise ValueError(f"a {batch.status} batch is not archiving")
