"""State transitions of an item with its batch; those of the batch alone are in rounds.py.

A move takes values and returns new ones, or raises; storing them is one conditional transaction
(`ports.BatchStore.commit`) that fails with `ConflictError` when either record changed in between.
So each rule is checked against exactly the state it is written over.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from imagebatch.domain.batch import (
    ERRORS_SHOWN,
    RUNNING,
    ZERO,
    Batch,
    BatchStatus,
    Image,
    Item,
    ItemError,
    ItemStatus,
    Lease,
    Waiting,
    effective_item_status,
)
from imagebatch.domain.errors import ConflictError, Failure
from imagebatch.domain.rounds import start_archiving_if_complete


class DeliveryDecision(StrEnum):
    """What a delivery may do with its item."""

    PROCESS = "process"
    LEASED = "leased"
    SKIP = "skip"


def decide_delivery(batch: Batch, item: Item, round_: int, now: datetime) -> DeliveryDecision:
    """Decides on a delivery for `item` in round `round_`. SKIP: nothing to do but the after-
    effects.
    """
    if round_ != batch.round:
        return DeliveryDecision.SKIP
    match effective_item_status(batch, item):
        case ItemStatus.PENDING:
            return DeliveryDecision.PROCESS if batch.status in RUNNING else DeliveryDecision.SKIP
        case ItemStatus.PROCESSING:
            live = item.lease is not None and item.lease.until > now
            return DeliveryDecision.LEASED if live else DeliveryDecision.PROCESS
        case _:
            return DeliveryDecision.SKIP


def claim(
    batch: Batch, item: Item, lease: Lease, now: datetime, time_limit: timedelta
) -> tuple[Batch, Item]:
    """Takes an item that `admit` let through: newly, or over from a delivery that is gone."""
    status = effective_item_status(batch, item)
    if status is ItemStatus.PROCESSING:
        return batch, replace(item, lease=lease)
    if status is not ItemStatus.PENDING or batch.status not in RUNNING:
        raise ValueError(f"a {status} item of a {batch.status} batch cannot be claimed")
    return replace(
        batch,
        status=BatchStatus.PROCESSING,
        counts=batch.counts.moved(ItemStatus.PENDING, ItemStatus.PROCESSING),
        started_at=batch.started_at or now,
        round_started_at=batch.round_started_at or now,
    ), replace(
        item,
        status=ItemStatus.PROCESSING,
        round=batch.round,
        tries=item.attempts_in(batch.round),
        attempts_round=batch.round,
        lease=lease,
        deadline=now + time_limit,
        prediction=None,
        creating=False,
        failure=None,
        file=None,
        started_at=now,
        settled_at=None,
        seconds=None,
        releases=(),
    )


def affordable(batch: Batch, item: Item) -> bool:
    """Whether another create stays below the batch's cap and below what its round reserved."""
    committed, reservation = batch.committed + item.price, batch.reservation
    if reservation and committed > reservation.committed_before + reservation.amount:
        return False
    return batch.max_cost is None or committed <= batch.max_cost


def begin_create(batch: Batch, item: Item, now: datetime) -> tuple[Batch, Item]:
    """Commits the price and uses up a try, before the provider is called."""
    _check_claimed(batch, item)
    if item.held:
        raise ValueError("the last create was neither spent nor given back")
    return replace(batch, committed=batch.committed + item.price), replace(
        item,
        tries=item.tries + 1,
        attempts=item.attempts + 1,
        creating=True,
        create_started_at=now,
        prediction=None,
        held=item.price,
    )


def record_prediction_id(item: Item, prediction: str) -> Item:
    return replace(item, prediction=prediction, creating=False)


def capture_cost(batch: Batch, item: Item) -> tuple[Batch, Item]:
    """What was held was billed, or may have been."""
    return replace(batch, actual=batch.actual + item.held), replace(
        item, cost=item.cost + item.held, held=ZERO, creating=False, prediction=None
    )


def release_reservation(batch: Batch, item: Item) -> tuple[Batch, Item]:
    """What was held was certainly not billed."""
    return replace(batch, committed=batch.committed - item.held), replace(
        item, held=ZERO, creating=False, prediction=None
    )


def requeue(
    batch: Batch, item: Item, now: datetime, waiting: Waiting | None = None
) -> tuple[Batch, Item]:
    """Undoes a claim: the provider said wait, or time is up before a create began.

    A create that was begun did not happen, so its attempt does not count; one that ended does.
    """
    if batch.status is BatchStatus.CANCELLING:
        return cancel_item(batch, item, now)
    _check_claimed(batch, item)
    undone = int(item.creating)
    batch, item = release_reservation(batch, item)
    return replace(
        batch,
        counts=batch.counts.moved(ItemStatus.PROCESSING, ItemStatus.PENDING),
        waiting=replace(waiting, since=_since(batch) or now) if waiting else batch.waiting,
    ), replace(
        item,
        status=ItemStatus.PENDING,
        round=batch.round - 1,
        lease=None,
        tries=item.tries - undone,
        attempts=item.attempts - undone,
    )


def throttled_for(batch: Batch, now: datetime) -> timedelta:
    """For how long the provider has answered nothing but that we are to wait."""
    return now - (_since(batch) or now)


def _since(batch: Batch) -> datetime | None:
    return batch.waiting.since if batch.waiting else None


def release_lease(item: Item) -> Item:
    """Lets go of an item whose prediction outlasts this invocation; a later one goes on."""
    return replace(item, lease=None)


def succeed(
    batch: Batch, item: Item, image: Image, extension: str, now: datetime
) -> tuple[Batch, Item]:
    batch, item = capture_cost(batch, item)
    waiting = replace(batch.waiting, since=now) if batch.waiting else None
    return _settle(
        replace(batch, waiting=waiting),
        replace(item, image=image, file=f"{item.stem}.{extension}", failure=None),
        ItemStatus.SUCCEEDED,
        now,
    )


def fail(batch: Batch, item: Item, failure: Failure, now: datetime) -> tuple[Batch, Item]:
    """Settles a claimed item as failed; what is still held was not billed and goes back."""
    batch, item = release_reservation(batch, item)
    return _settle(
        _with_failed(batch, item, failure),
        replace(item, failure=failure),
        ItemStatus.FAILED,
        now,
    )


def cancel_item(batch: Batch, item: Item, now: datetime) -> tuple[Batch, Item]:
    """Settles a claimed item as cancelled: its prediction was cancelled at the provider."""
    batch, item = release_reservation(batch, item)
    return _settle(batch, item, ItemStatus.CANCELLED, now)


def _settle(batch: Batch, item: Item, status: ItemStatus, now: datetime) -> tuple[Batch, Item]:
    _check_claimed(batch, item)
    started = item.started_at or now
    settled = replace(
        item,
        status=status,
        lease=None,
        settled_at=now,
        seconds=round((now - started).total_seconds(), 3),
    )
    counts = batch.counts.moved(ItemStatus.PROCESSING, status)
    return start_archiving_if_complete(replace(batch, counts=counts), now), settled


def _check_claimed(batch: Batch, item: Item) -> None:
    if item.status is not ItemStatus.PROCESSING or item.round != batch.round:
        raise ValueError(f"item {item.index} is {item.status} and not claimed in this round")


def mark_output_lost(batch: Batch, item: Item, failure: Failure) -> tuple[Batch, Item]:
    """Turns a success whose image is gone into a failure, while its batch is archived; what it cost
    stays.
    """
    if batch.status is not BatchStatus.ARCHIVING:
        raise ConflictError(f"the batch is {batch.status}")
    if item.status is not ItemStatus.SUCCEEDED:
        return batch, item
    return replace(
        _with_failed(batch, item, failure),
        counts=batch.counts.moved(ItemStatus.SUCCEEDED, ItemStatus.FAILED),
    ), replace(
        item, status=ItemStatus.FAILED, failure=failure, image=None, file=None, round=batch.round
    )


def _with_failed(batch: Batch, item: Item, failure: Failure) -> Batch:
    error = ItemError(item.index, item.row, item.custom_id, failure)
    errors = sorted((*batch.errors, error), key=lambda e: e.index)[:ERRORS_SHOWN]
    return replace(
        batch, errors=tuple(errors), failed_price=(batch.failed_price or ZERO) + item.price
    )
