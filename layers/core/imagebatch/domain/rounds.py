"""State transitions of a batch, from round to round. Pure functions."""

from dataclasses import replace
from datetime import datetime, timedelta

from imagebatch.domain.batch import RUNNING, ZERO, Archive, Batch, BatchStatus, ItemStatus
from imagebatch.domain.budgets import reserve
from imagebatch.domain.errors import Failure, StateConflictError


def abort_round(batch: Batch, failure: Failure) -> Batch:
    """Stops a round that its provider takes nothing of: the rest fails unasked."""
    return replace(batch, abort_reason=failure, waiting=None)


def start_archiving_if_complete(batch: Batch, now: datetime) -> Batch:
    """Moves a round to its archive once all of it is dispatched and settled: one winner."""
    running = batch.status in RUNNING or batch.status is BatchStatus.CANCELLING
    if not running or batch.counts.open or batch.last_dispatched_round < batch.round:
        return batch
    return replace(batch, status=BatchStatus.ARCHIVING, archiving_at=now, waiting=None)


def mark_dispatched(batch: Batch, now: datetime) -> Batch:
    """Records that the round's items and list are stored; nothing to run, and it is over."""
    return start_archiving_if_complete(replace(batch, last_dispatched_round=batch.round), now)


def cancel(batch: Batch, now: datetime) -> Batch:
    """Cancels what is pending; asked twice it is the same as once."""
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
    counts = batch.counts.moved(ItemStatus.PENDING, ItemStatus.CANCELLED, batch.counts.pending)
    return start_archiving_if_complete(
        replace(
            batch,
            status=BatchStatus.CANCELLING,
            counts=counts,
            cancelling_at=now,
            waiting=None,
        ),
        now,
    )


def retry(batch: Batch, now: datetime) -> Batch:
    """Opens the next round with what failed, or builds an archive anew that failed or expired."""
    if not batch.finished:
        raise StateConflictError(
            "not-finished", "Batch is not finished", detail=f"The batch is {batch.status}."
        )
    if now >= batch.retention_ends_at:
        raise StateConflictError(
            "no-longer-retained",
            "Batch retention has ended",
            detail="The images of this batch are past their retention and "
            "cannot be archived again.",
        )
    again = batch.counts.failed - batch.rejected
    fresh = replace(batch, archive=None, finished_at=None, expires_at=None, archiving_at=None)
    if again:
        opened = replace(
            fresh,
            status=BatchStatus.PROCESSING,
            round=batch.round + 1,
            round_total=again,
            released=0,
            attempt=1,
            counts=batch.counts.moved(ItemStatus.FAILED, ItemStatus.PENDING, again),
            errors=tuple(e for e in batch.errors if e.rejected),
            cancelling_at=None,
            round_started_at=None,
            waiting=None,
            abort_reason=None,
            failed_price=None,
        )
        # A batch from before its failed items' prices were kept is reserved for as a whole.
        return reserve(opened, batch.failed_price or batch.estimated, now)
    if batch.available_archive(now) is None:
        rebuilt = replace(
            fresh, status=BatchStatus.ARCHIVING, attempt=batch.attempt + 1, archiving_at=now
        )
        return reserve(rebuilt, ZERO, now)
    raise StateConflictError(
        "nothing-to-retry",
        "Nothing to retry",
        detail="No item of this batch failed in a way that can be tried again.",
    )


def publish(batch: Batch, archive: Archive, now: datetime, ttl: timedelta) -> Batch:
    """Ends a round: its archive is complete and may be seen, until a whole second."""
    _check_archiving(batch)
    if batch.cancelling_at is not None:
        status = BatchStatus.CANCELLED
    elif batch.counts.succeeded:
        status = BatchStatus.COMPLETED
    else:
        status = BatchStatus.FAILED
    whole = (now + ttl + timedelta(seconds=1, microseconds=-1)).replace(microsecond=0)
    return replace(
        batch,
        status=status,
        archive=archive,
        finished_at=now,
        expires_at=whole,
        reservation=None,
    )


def give_up(batch: Batch, now: datetime) -> Batch:
    """The finalizer could not build the archive; `retry` tries again."""
    _check_archiving(batch)
    return replace(
        batch,
        status=BatchStatus.FAILED,
        archive=None,
        finished_at=now,
        expires_at=None,
        reservation=None,
    )


def _check_archiving(batch: Batch) -> None:
    if batch.status is not BatchStatus.ARCHIVING:
        raise ValueError(f"a {batch.status} batch is not archiving")
