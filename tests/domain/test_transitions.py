from collections.abc import Callable
from copy import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from imagebatch.api.errors import status_of
from imagebatch.domain import charges, rounds, transitions
from imagebatch.domain.batch import Batch
from imagebatch.domain.counts import Counts
from imagebatch.domain.effective_status import effective_item_status
from imagebatch.domain.errors import Failure, FailureCode, StateConflictError
from imagebatch.domain.images import Image
from imagebatch.domain.item import Item
from imagebatch.domain.item_state import Lease
from imagebatch.domain.money import ZERO, Money
from imagebatch.domain.round_state import MAX_ERRORS, Archive, ItemError
from imagebatch.domain.statuses import BatchStatus, ItemStatus
from imagebatch.domain.transitions import DeliveryDecision
from testing.fakes.system import START
from testing.records import PRICE, a_batch, an_item, change_batch

FAILURE = Failure(FailureCode.CRASHED, "it crashed")
ARCHIVE = Archive("archives/b1.zip", 10, 3)
IMAGE = Image("batches/b1/0", "image/png", 9, 7, '"e"', 1024, 1024)
LIMIT = timedelta(seconds=300)
TTL = timedelta(hours=6)
LATER = START + timedelta(seconds=9)
LEASE = Lease("t1", START + timedelta(seconds=60))
FINISHED = [BatchStatus.COMPLETED, BatchStatus.CANCELLED, BatchStatus.FAILED]


def claimed(batch: Batch | None = None, item: Item | None = None) -> tuple[Batch, Item]:
    return transitions.claim(
        batch or a_batch(last_dispatched_round=1), item or an_item(), LEASE, START, LIMIT
    )


def asked(batch: Batch | None = None, item: Item | None = None) -> tuple[Batch, Item]:
    """A claimed item whose prediction is running."""
    batch, item = charges.begin_create(*claimed(batch, item), START)
    return batch, charges.record_prediction_id(item, "p1")


def at_end(status: BatchStatus = BatchStatus.COMPLETED, **fields: Any) -> Batch:
    known: dict[str, Any] = {
        "counts": Counts(succeeded=3),
        "archive": ARCHIVE,
        "last_dispatched_round": 1,
    }
    return a_batch(status=status, finished_at=LATER, expires_at=LATER + TTL, **known | fields)


# --- deliveries -----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [BatchStatus.QUEUED, BatchStatus.PROCESSING])
def test_a_pending_item_of_a_running_batch_is_claimed(status: BatchStatus) -> None:
    assert (
        transitions.decide_delivery(a_batch(status=status), an_item(), 1, START)
        is DeliveryDecision.PROCESS
    )


@pytest.mark.parametrize("round_", [0, 2])
def test_a_message_of_another_round_has_nothing_to_do(round_: int) -> None:
    assert transitions.decide_delivery(a_batch(), an_item(), round_, START) is DeliveryDecision.SKIP


def test_a_cancelled_batchs_item_has_nothing_to_do() -> None:
    batch = rounds.cancel(a_batch(), START)
    assert transitions.decide_delivery(batch, an_item(), 1, START) is DeliveryDecision.SKIP


def test_valid_lease_is_busy_and_expired_one_taken_over() -> None:
    batch, item = claimed()
    assert transitions.decide_delivery(batch, item, 1, START) is DeliveryDecision.LEASED
    assert transitions.decide_delivery(batch, item, 1, LEASE.until) is DeliveryDecision.PROCESS
    assert (
        transitions.decide_delivery(batch, transitions.release_lease(item), 1, START)
        is DeliveryDecision.PROCESS
    )
    stopped = rounds.cancel(batch, START)
    assert transitions.decide_delivery(stopped, item, 1, LEASE.until) is DeliveryDecision.PROCESS


@pytest.mark.parametrize("status", [ItemStatus.SUCCEEDED, ItemStatus.FAILED, ItemStatus.CANCELLED])
def test_a_settled_item_has_nothing_to_do(status: ItemStatus) -> None:
    item = an_item(status=status, round=1)
    assert transitions.decide_delivery(a_batch(), item, 1, START) is DeliveryDecision.SKIP


def test_claim_starts_batch_round_and_item_clock() -> None:
    batch, item = claimed()
    assert batch.status is BatchStatus.PROCESSING
    assert batch.counts == Counts(pending=2, processing=1)
    assert batch.started_at == batch.round_started_at == START
    assert (item.status, item.round, item.state.lease) == (ItemStatus.PROCESSING, 1, LEASE)
    assert item.state.deadline == START + LIMIT


def test_a_takeover_changes_the_lease_and_nothing_else() -> None:
    batch, item = asked()
    other = Lease("t2", LATER)
    assert transitions.claim(batch, item, other, LATER, LIMIT) == (
        batch,
        item.with_lease(other),
    )


@pytest.mark.parametrize(
    ("batch", "item"),
    [
        (a_batch(), an_item(status=ItemStatus.SUCCEEDED, round=1)),
        (a_batch(), an_item(status=ItemStatus.FAILED, round=1)),
        (a_batch(), an_item(status=ItemStatus.FAILED)),
        (rounds.cancel(a_batch(), START), an_item()),
        (at_end(), an_item()),
    ],
)
def test_what_is_not_pending_cannot_be_claimed(batch: Batch, item: Item) -> None:
    with pytest.raises(ValueError, match="cannot be claimed"):
        transitions.claim(batch, item, LEASE, START, LIMIT)


def test_failed_item_is_claimed_anew_in_next_round() -> None:
    batch, item = transitions.fail(
        *charges.capture_cost(*asked(a_batch(size=1, last_dispatched_round=1))), FAILURE, LATER
    )
    batch = rounds.publish(batch, ARCHIVE, LATER, TTL)
    batch = change_batch(rounds.retry(batch, LATER), last_dispatched_round=2)
    _, again = claimed(batch, item)
    assert (again.round, again.state.round_attempts, again.state.attempts) == (2, 0, 1)
    assert (again.failure, again.state.prediction, again.state.settled_at) == (None, None, None)
    assert again.cost == PRICE


# --- money ----------------------------------------------------------------------------------------


def test_create_reserves_its_price_and_uses_an_attempt() -> None:
    batch, item = charges.begin_create(*claimed(), START)
    assert batch.money == Money(committed=PRICE)
    state = item.state
    assert (state.reserved, state.create_in_flight, state.round_attempts, state.attempts) == (
        PRICE,
        True,
        1,
        1,
    )


def test_billed_amount_is_captured_and_unbilled_released() -> None:
    batch, item = charges.capture_cost(*asked())
    assert batch.money == Money(committed=PRICE, actual=PRICE)
    assert (item.cost, item.state.reserved) == (PRICE, ZERO)
    batch, item = charges.release_reservation(*asked())
    assert batch.money == Money()
    assert (item.cost, item.state.reserved) == (ZERO, ZERO)


def test_maximum_cost_counts_held_and_spent_amounts() -> None:
    batch = a_batch(max_cost=Decimal("0.10"))
    for committed, answer in [("0", True), ("0.05", True), ("0.06", False), ("0.10", False)]:
        spent = replace(batch, money=Money(committed=Decimal(committed)))
        assert charges.affordable(spent, an_item()) is answer
    assert charges.affordable(a_batch(money=Money(committed=Decimal(1000))), an_item())


def test_create_requires_the_last_one_to_be_settled() -> None:
    with pytest.raises(ValueError, match="neither spent nor given back"):
        charges.begin_create(*asked(), START)


def test_a_wait_gives_the_try_and_the_money_back() -> None:
    batch, item = transitions.requeue(*charges.begin_create(*claimed(), START), START)
    assert (batch.counts, batch.money.committed) == (Counts(pending=3), ZERO)
    assert (item.status, item.state.lease, item.state.round_attempts, item.state.attempts) == (
        ItemStatus.PENDING,
        None,
        0,
        0,
    )
    assert transitions.decide_delivery(batch, item, 1, START) is DeliveryDecision.PROCESS


def test_unclaimed_item_of_cancelled_round_stays_cancelled() -> None:
    batch = a_batch(size=2, last_dispatched_round=1)
    batch, waiting = transitions.requeue(*charges.begin_create(*claimed(batch), START), START)
    batch, other = transitions.fail(*claimed(batch, an_item(1)), FAILURE, START)
    batch = rounds.publish(rounds.cancel(batch, START), ARCHIVE, START, TTL)
    batch = rounds.retry(batch, LATER)
    assert effective_item_status(batch, waiting) is ItemStatus.CANCELLED
    assert effective_item_status(batch, other) is ItemStatus.PENDING
    assert batch.counts == Counts(pending=1, cancelled=1)


def test_tries_before_a_wait_still_count_after_it() -> None:
    batch, item = charges.capture_cost(*charges.begin_create(*claimed(), START))
    batch, item = transitions.requeue(*charges.begin_create(batch, item, START), START)
    batch, item = claimed(batch, item)
    assert (item.state.round_attempts, item.state.attempts) == (1, 1)


def test_a_wait_in_a_cancelled_batch_is_its_end() -> None:
    batch, item = charges.begin_create(*claimed(a_batch(size=1, last_dispatched_round=1)), START)
    batch, item = transitions.requeue(rounds.cancel(batch, START), item, LATER)
    assert item.status is ItemStatus.CANCELLED
    assert batch.status is BatchStatus.ARCHIVING


# --- settling -------------------------------------------------------------------------------------


def test_a_success_is_spent_named_and_counted() -> None:
    batch, item = transitions.succeed(*asked(), IMAGE, "png", LATER)
    assert batch.counts == Counts(pending=2, succeeded=1)
    assert (batch.money.actual, batch.money.committed) == (PRICE, PRICE)
    assert (item.status, item.image, item.file) == (ItemStatus.SUCCEEDED, IMAGE, "car-0.png")
    assert (item.state.lease, item.state.settled_at, item.state.seconds) == (None, LATER, 9.0)


def test_unbilled_failure_is_free_and_listed() -> None:
    batch, item = transitions.fail(*asked(), FAILURE, LATER)
    assert batch.counts == Counts(pending=2, failed=1)
    assert (batch.money.actual, batch.money.committed) == (ZERO, ZERO)
    assert batch.errors == (ItemError(0, 2, "row-0002", FAILURE),)
    assert (item.status, item.failure) == (ItemStatus.FAILED, FAILURE)


def test_the_first_errors_are_shown_in_the_sheets_order() -> None:
    size = MAX_ERRORS + 5
    batch = a_batch(size=size, last_dispatched_round=1)
    for index in reversed(range(size)):
        batch, _ = transitions.fail(*claimed(batch, an_item(index)), FAILURE, LATER)
    assert [e.index for e in batch.errors] == list(range(MAX_ERRORS))


def test_a_dropped_item_is_cancelled_and_costs_nothing() -> None:
    batch, item = transitions.cancel_item(*asked(), LATER)
    assert batch.counts == Counts(pending=2, cancelled=1)
    assert (item.status, batch.money.committed) == (ItemStatus.CANCELLED, ZERO)


def test_a_late_success_of_a_cancelled_batch_is_kept() -> None:
    batch, item = asked(a_batch(size=1, last_dispatched_round=1))
    batch, item = transitions.succeed(rounds.cancel(batch, START), item, IMAGE, "png", LATER)
    assert (batch.status, batch.counts) == (BatchStatus.ARCHIVING, Counts(succeeded=1))


@pytest.mark.parametrize(
    ("change", "more"),
    [
        (charges.begin_create, (START,)),
        (transitions.succeed, (IMAGE, "png", LATER)),
        (transitions.fail, (FAILURE, LATER)),
        (transitions.cancel_item, (LATER,)),
        (transitions.requeue, (LATER,)),
    ],
)
@pytest.mark.parametrize(
    "item",
    [
        an_item(),
        an_item(status=ItemStatus.SUCCEEDED, round=1),
        an_item(status=ItemStatus.FAILED, round=1),
        an_item(status=ItemStatus.CANCELLED, round=1),
        an_item(status=ItemStatus.PROCESSING, round=2),
    ],
)
def test_only_a_claimed_item_is_changed(
    change: Callable[..., object], more: tuple[object, ...], item: Item
) -> None:
    batch = a_batch(counts=Counts(pending=1, processing=2), status=BatchStatus.PROCESSING)
    with pytest.raises(ValueError, match="not claimed"):
        change(batch, item, *more)


def test_a_halted_round_remembers_why() -> None:
    assert rounds.abort_round(a_batch(), FAILURE).state.abort_reason == FAILURE


# --- rounds ---------------------------------------------------------------------------------------


def test_last_settle_of_dispatched_round_starts_archiving() -> None:
    batch, item = asked(a_batch(size=1, last_dispatched_round=1))
    batch, _ = transitions.succeed(batch, item, IMAGE, "png", LATER)
    assert (batch.status, batch.archiving_at) == (BatchStatus.ARCHIVING, LATER)


def test_a_round_that_is_not_dispatched_waits_for_it() -> None:
    batch, item = asked(a_batch(size=1))
    batch, _ = transitions.succeed(batch, item, IMAGE, "png", LATER)
    assert batch.status is BatchStatus.PROCESSING
    assert rounds.mark_dispatched(batch, LATER).status is BatchStatus.ARCHIVING


def test_empty_round_ends_once_dispatched() -> None:
    batch = a_batch(size=2, rejected=2)
    assert rounds.mark_dispatched(batch, LATER).status is BatchStatus.ARCHIVING
    running = rounds.mark_dispatched(a_batch(), LATER)
    assert (running.status, running.state.last_dispatched_round) == (BatchStatus.QUEUED, 1)


@pytest.mark.parametrize("status", [BatchStatus.ARCHIVING, *FINISHED])
def test_a_round_is_closed_once(status: BatchStatus) -> None:
    batch = a_batch(status=status, counts=Counts(succeeded=3), last_dispatched_round=1)
    assert rounds.start_archiving_if_complete(batch, LATER) is batch


# --- cancelling -----------------------------------------------------------------------------------


def test_cancel_affects_only_pending_items() -> None:
    batch = rounds.cancel(claimed()[0], LATER)
    assert batch.status is BatchStatus.CANCELLING
    assert batch.counts == Counts(processing=1, cancelled=2)
    assert batch.cancelling_at == LATER


def test_cancel_without_running_items_starts_archiving() -> None:
    assert rounds.cancel(a_batch(last_dispatched_round=1), LATER).status is BatchStatus.ARCHIVING
    undispatched = rounds.cancel(a_batch(), LATER)
    assert undispatched.status is BatchStatus.CANCELLING
    assert rounds.mark_dispatched(undispatched, LATER).status is BatchStatus.ARCHIVING


def test_cancelling_twice_is_the_same_as_once() -> None:
    for batch in (claimed()[0], a_batch(), a_batch(last_dispatched_round=1)):
        once = rounds.cancel(batch, LATER)
        assert rounds.cancel(once, LATER + TTL) is once
    cancelled = at_end(BatchStatus.CANCELLED)
    assert rounds.cancel(cancelled, LATER) is cancelled


@pytest.mark.parametrize(
    "status", [BatchStatus.ARCHIVING, BatchStatus.COMPLETED, BatchStatus.FAILED]
)
def test_what_is_archiving_or_finished_cannot_be_cancelled(status: BatchStatus) -> None:
    with pytest.raises(StateConflictError) as refused:
        rounds.cancel(a_batch(status=status), LATER)
    assert (status_of(refused.value), refused.value.kind) == (409, "not-cancellable")


# --- the archive ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "cancelling", "status"),
    [
        (Counts(succeeded=3), False, BatchStatus.COMPLETED),
        (Counts(succeeded=1, failed=2), False, BatchStatus.COMPLETED),
        (Counts(failed=3), False, BatchStatus.FAILED),
        (Counts(succeeded=1, cancelled=2), True, BatchStatus.CANCELLED),
        (Counts(cancelled=3), True, BatchStatus.CANCELLED),
    ],
)
def test_a_published_archive_ends_the_round(
    counts: Counts, cancelling: bool, status: BatchStatus
) -> None:
    batch = a_batch(
        status=BatchStatus.ARCHIVING, counts=counts, cancelling_at=START if cancelling else None
    )
    ended = rounds.publish(batch, ARCHIVE, LATER, TTL)
    assert (ended.status, ended.state.archive) == (status, ARCHIVE)
    assert (ended.finished_at, ended.expires_at) == (LATER, LATER + TTL)


def test_archive_expiry_is_in_whole_seconds() -> None:
    now = LATER + timedelta(milliseconds=1)
    ended = rounds.publish(a_batch(status=BatchStatus.ARCHIVING), ARCHIVE, now, TTL)
    assert ended.expires_at == LATER + TTL + timedelta(seconds=1)


def test_a_finalizer_that_gave_up_leaves_no_archive() -> None:
    batch = a_batch(status=BatchStatus.ARCHIVING, counts=Counts(succeeded=3))
    ended = rounds.give_up(batch, LATER)
    assert (ended.status, ended.state.archive, ended.expires_at) == (BatchStatus.FAILED, None, None)


@pytest.mark.parametrize("status", [s for s in BatchStatus if s is not BatchStatus.ARCHIVING])
def test_only_an_archiving_batch_can_end(status: BatchStatus) -> None:
    with pytest.raises(ValueError, match="not archiving"):
        rounds.publish(a_batch(status=status), ARCHIVE, LATER, TTL)
    with pytest.raises(ValueError, match="not archiving"):
        rounds.give_up(a_batch(status=status), LATER)


def test_lost_image_is_a_failure_with_its_cost() -> None:
    batch, item = transitions.succeed(
        *asked(a_batch(size=1, last_dispatched_round=1)), IMAGE, "png", LATER
    )
    batch, item = transitions.mark_output_lost(batch, item, FAILURE)
    assert batch.counts == Counts(failed=1)
    assert (item.status, item.image, item.file) == (ItemStatus.FAILED, None, None)
    assert (batch.money.actual, batch.money.committed, item.cost) == (PRICE, PRICE, PRICE)
    assert transitions.mark_output_lost(batch, item, FAILURE) == (batch, item)


def test_lost_image_of_earlier_round_is_retried() -> None:
    _, item = transitions.succeed(*asked(), IMAGE, "png", LATER)
    batch = a_batch(
        size=1,
        round=3,
        last_dispatched_round=3,
        status=BatchStatus.ARCHIVING,
        counts=Counts(succeeded=1),
    )
    batch, item = transitions.mark_output_lost(batch, item, FAILURE)
    batch = rounds.retry(rounds.publish(batch, ARCHIVE, LATER, TTL), LATER)
    assert effective_item_status(batch, item) is ItemStatus.PENDING


# --- retrying -------------------------------------------------------------------------------------


def test_a_retry_opens_a_round_with_what_failed() -> None:
    rejected = ItemError(0, 2, "row-0002", FAILURE, rejected=True)
    error = ItemError(1, 3, "row-0003", FAILURE)
    batch = at_end(
        counts=Counts(succeeded=1, failed=3, cancelled=1),
        rejected=1,
        attempt=3,
        errors=(rejected, error),
        cancelling_at=START,
        abort_reason=FAILURE,
        status=BatchStatus.CANCELLED,
    )
    again = rounds.retry(batch, LATER)
    assert (again.status, again.round, again.state.attempt) == (BatchStatus.PROCESSING, 2, 1)
    assert again.counts == Counts(pending=2, succeeded=1, failed=1, cancelled=1)
    assert (again.state.round_total, again.errors) == (2, (rejected,))
    assert (again.state.archive, again.state.abort_reason) == (None, None)
    assert (again.finished_at, again.expires_at) == (None, None)
    assert (again.cancelling_at, again.round_started_at) == (None, None)


@pytest.mark.parametrize("status", FINISHED)
def test_missing_archive_is_built_by_the_next_attempt(status: BatchStatus) -> None:
    again = rounds.retry(at_end(status, archive=None), LATER)
    assert (again.status, again.round, again.state.attempt) == (BatchStatus.ARCHIVING, 1, 2)


@pytest.mark.parametrize("counts", [Counts(succeeded=3), Counts(succeeded=2, failed=1)])
def test_retry_without_retryable_items_is_rejected(counts: Counts) -> None:
    with pytest.raises(StateConflictError) as refused:
        rounds.retry(at_end(counts=counts, rejected=counts.failed), LATER)
    assert (status_of(refused.value), refused.value.kind) == (409, "nothing-to-retry")


@pytest.mark.parametrize(
    "status",
    [
        BatchStatus.QUEUED,
        BatchStatus.PROCESSING,
        BatchStatus.CANCELLING,
        BatchStatus.ARCHIVING,
    ],
)
def test_a_batch_that_is_not_finished_cannot_be_retried(status: BatchStatus) -> None:
    with pytest.raises(StateConflictError) as refused:
        rounds.retry(a_batch(status=status), LATER)
    assert (status_of(refused.value), refused.value.kind) == (409, "not-finished")


def test_a_batch_past_its_retention_cannot_be_retried() -> None:
    batch = at_end(counts=Counts(failed=3))
    with pytest.raises(StateConflictError) as refused:
        rounds.retry(batch, batch.retention_ends_at)
    assert refused.value.kind == "no-longer-retained"
