"""State transitions of an item with its batch; those of the batch alone are in rounds.py, and
the cost of a create is in charges.py.

A transition takes values and returns new ones, or raises. Storing them is one conditional
transaction (`ports.BatchStore.commit`) that fails with `ConflictError` if either record has
changed. Each rule therefore holds for exactly the state on which it was decided.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from imagebatch.domain.batch import Batch
from imagebatch.domain.charges import (
    capture_cost,
    check_claimed,
    release_reservation,
    undo_create,
)
from imagebatch.domain.effective_status import REDO_CANCELLED, effective_item_status
from imagebatch.domain.errors import ConflictError, Failure, FailureCode
from imagebatch.domain.fallback import renew
from imagebatch.domain.images import Image, Version
from imagebatch.domain.item import Item, LastRedo
from imagebatch.domain.item_state import Lease
from imagebatch.domain.money import ZERO
from imagebatch.domain.round_input import delivered_price
from imagebatch.domain.round_state import MAX_ERRORS, ItemError
from imagebatch.domain.rounds import start_archiving_if_complete
from imagebatch.domain.statuses import RUNNING, BatchStatus, ItemStatus
from imagebatch.domain.versions import add, lose
from imagebatch.structs import replace


class DeliveryDecision(StrEnum):
    """What a delivery may do with its item."""

    PROCESS = "process"
    LEASED = "leased"
    SKIP = "skip"


def decide_delivery(batch: Batch, item: Item, round_: int, now: datetime) -> DeliveryDecision:
    """Decide on a delivery for `item` in round `round_`. SKIP: nothing to do but the
    after-effects.
    """
    if round_ != batch.round:
        return DeliveryDecision.SKIP
    match effective_item_status(batch, item):
        case ItemStatus.PENDING:
            return DeliveryDecision.PROCESS if batch.status in RUNNING else DeliveryDecision.SKIP
        case ItemStatus.PROCESSING:
            lease = item.state.lease
            live = lease is not None and lease.until > now
            return DeliveryDecision.LEASED if live else DeliveryDecision.PROCESS
        case _:
            return DeliveryDecision.SKIP


def claim(
    batch: Batch, item: Item, lease: Lease, now: datetime, time_limit: timedelta
) -> tuple[Batch, Item]:
    """Claim an item that `decide_delivery` allows: a new one, or one whose delivery is gone."""
    status = effective_item_status(batch, item)
    if status is ItemStatus.PROCESSING:
        return batch, item.with_lease(lease)
    if status is not ItemStatus.PENDING or batch.status not in RUNNING:
        raise ValueError(f"a {status} item of a {batch.status} batch cannot be claimed")
    state = replace(
        batch.state,
        status=BatchStatus.PROCESSING,
        counts=batch.counts.transfer(ItemStatus.PENDING, ItemStatus.PROCESSING),
        pending_redos=_pending_redos(batch, -1 if item.image else 0),
    )
    return replace(
        batch,
        state=state,
        started_at=batch.started_at or now,
        round_started_at=batch.round_started_at or now,
    ), _claimed(batch, item, lease, now, now + time_limit)


def _claimed(batch: Batch, item: Item, lease: Lease, now: datetime, deadline: datetime) -> Item:
    """Return the item at the start of its attempts in this round."""
    made_at = item.state.settled_at if item.image else None
    state = item.state.claim(batch.round, lease, now, deadline)
    return replace(
        _as_asked_for(batch, item),
        state=replace(state, settled_at=made_at),
        failure=None,
        file=item.file if item.image else None,
        versions=item.all_versions,
    )


def _pending_redos(batch: Batch, change: int) -> int | None:
    return (batch.state.pending_redos or 0) + change or None


def _as_asked_for(batch: Batch, item: Item) -> Item:
    """Apply the round's redo to its items, if the round is one."""
    redo = batch.redo
    if redo is None:
        return item
    return replace(
        item,
        note=item.note if redo.note is None else redo.note,
        seed=redo.seed,
        redo_round=batch.round,
        last_redo=None,
    )


def requeue(batch: Batch, item: Item, now: datetime) -> tuple[Batch, Item]:
    """Undo a claim: the provider said wait, or the time is up before a create began.

    A create that was begun did not happen, so its attempt does not count; one that ended does.
    """
    if batch.status is BatchStatus.CANCELLING:
        return cancel_item(batch, item, now)
    check_claimed(batch, item)
    if item.state.create_in_flight:
        batch, item = undo_create(batch, item)
    batch, item = release_reservation(batch, item)
    round_state = replace(
        batch.state,
        counts=batch.counts.transfer(ItemStatus.PROCESSING, ItemStatus.PENDING),
        pending_redos=_pending_redos(batch, 1 if item.image else 0),
    )
    state = replace(item.state, status=ItemStatus.PENDING, round=batch.round - 1, lease=None)
    return replace(batch, state=round_state), replace(item, state=state)


def release_lease(item: Item) -> Item:
    """Release an item whose prediction outlasts this invocation; a later one resumes it."""
    return item.with_lease(None)


def succeed(
    batch: Batch, item: Item, image: Image, extension: str, now: datetime
) -> tuple[Batch, Item]:
    batch, item = capture_cost(batch, item, delivered_price(batch, item, image))
    version = Version(
        round=batch.round,
        image=image,
        file=f"{item.stem}.{extension}",
        model=item.model,
        note=item.note,
        cost=item.cost - sum((v.cost for v in item.versions), ZERO),
        created_at=now,
    )
    batch, item = add(renew(batch, item.model, now), item, version)
    return _settle(batch, replace(item, failure=None), ItemStatus.SUCCEEDED, now)


def fail(batch: Batch, item: Item, failure: Failure, now: datetime) -> tuple[Batch, Item]:
    """Settle a claimed item as failed; the amount still held was not billed and is released.

    An item that has an image keeps it.
    """
    batch, item = release_reservation(batch, item)
    if item.image is not None:
        return _keep_image(batch, item, failure.reason, failure.code, now)
    return _settle(
        _with_failed(batch, item, failure),
        replace(item, failure=failure),
        ItemStatus.FAILED,
        now,
    )


def cancel_item(batch: Batch, item: Item, now: datetime) -> tuple[Batch, Item]:
    """Settle a claimed item as cancelled: its prediction was cancelled at the provider."""
    batch, item = release_reservation(batch, item)
    if item.image is not None:
        return _keep_image(batch, item, REDO_CANCELLED, None, now)
    return _settle(batch, item, ItemStatus.CANCELLED, now)


def _keep_image(
    batch: Batch, item: Item, reason: str, code: FailureCode | None, now: datetime
) -> tuple[Batch, Item]:
    """Settle an item of a failed redo as what it was before: succeeded."""
    made_at, chosen = item.state.settled_at, item.chosen_version
    batch, item = _settle(batch, item, ItemStatus.SUCCEEDED, now)
    return batch, replace(
        item,
        model=chosen.model if chosen else item.model,
        state=replace(item.state, settled_at=made_at),
        last_redo=LastRedo(batch.round, reason, code),
    )


def _settle(batch: Batch, item: Item, status: ItemStatus, now: datetime) -> tuple[Batch, Item]:
    check_claimed(batch, item)
    started = item.state.started_at or now
    state = replace(
        item.state,
        status=status,
        lease=None,
        settled_at=now,
        seconds=round((now - started).total_seconds(), 3),
    )
    counts = batch.counts.transfer(ItemStatus.PROCESSING, status)
    counted = replace(batch, state=replace(batch.state, counts=counts))
    return start_archiving_if_complete(counted, now), replace(item, state=state)


def mark_output_lost(
    batch: Batch, item: Item, failure: Failure, version: int | None = None
) -> tuple[Batch, Item]:
    """Record that the image of a version is missing, by default of the chosen one, while the batch
    is archived.

    An item without another version becomes failed; its cost is kept.
    """
    if batch.status is not BatchStatus.ARCHIVING and not batch.rebuilding:
        raise ConflictError(f"the batch is {batch.status}")
    if effective_item_status(batch, item) is not ItemStatus.SUCCEEDED:
        return batch, item
    number = version or item.chosen_number
    if number is not None:
        batch, item = lose(batch, item, number)
    if item.image is not None:
        return batch, item
    counts = batch.counts.transfer(ItemStatus.SUCCEEDED, ItemStatus.FAILED)
    counted = replace(batch, state=replace(batch.state, counts=counts))
    state = replace(item.state, status=ItemStatus.FAILED, round=batch.round)
    return _with_failed(counted, item, failure), replace(item, failure=failure, state=state)


def _with_failed(batch: Batch, item: Item, failure: Failure) -> Batch:
    error = ItemError(item.index, item.row, item.custom_id, failure)
    errors = sorted((*batch.errors, error), key=lambda e: e.index)[:MAX_ERRORS]
    return replace(batch, errors=tuple(errors), money=batch.money.add_failed(item.price))
