from datetime import timedelta
from decimal import Decimal

import pytest

from imagebatch.domain.counts import Counts
from imagebatch.domain.effective_status import effective_item_status
from imagebatch.domain.errors import REASON_LENGTH, Failure, FailureCode
from imagebatch.domain.round_state import Archive, BlockReason, ProviderWait
from imagebatch.domain.statuses import BatchStatus, ItemStatus, Outcome
from testing.fakes.system import START
from testing.records import a_batch, an_item, change_batch

FAILURE = Failure(FailureCode.CRASHED, "it crashed")
ARCHIVE = Archive("archives/b1.zip", 10, 3)
LATER = START + timedelta(minutes=1)


# --- counts ---------------------------------------------------------------------------------------


def test_counts_add_up_to_the_total() -> None:
    counts = Counts(pending=1, processing=2, succeeded=3, failed=4, cancelled=5)
    assert (counts.total, counts.settled, counts.unsettled) == (15, 12, 3)


@pytest.mark.parametrize(
    ("counts", "percent"),
    [
        (Counts(pending=8), 0),
        (Counts(pending=7, succeeded=1), 13),
        (Counts(pending=49, failed=151), 76),
        (Counts(processing=1, succeeded=999), 99),
        (Counts(pending=1, cancelled=199), 99),
        (Counts(succeeded=1, failed=1, cancelled=1), 100),
        (Counts(), 100),
    ],
)
def test_percent_is_rounded_and_100_only_at_the_end(counts: Counts, percent: int) -> None:
    assert counts.percent == percent


def test_moving_keeps_the_total_and_never_goes_below_zero() -> None:
    counts = Counts(pending=2)
    moved = counts.transfer(ItemStatus.PENDING, ItemStatus.PROCESSING)
    assert moved == Counts(pending=1, processing=1)
    with pytest.raises(ValueError, match="below zero"):
        counts.transfer(ItemStatus.PENDING, ItemStatus.CANCELLED, 3)


# --- what a batch shows ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "outcome"),
    [
        (Counts(succeeded=2), Outcome.ALL_SUCCEEDED),
        (Counts(succeeded=1, failed=1), Outcome.PARTIAL),
        (Counts(succeeded=1, cancelled=1), Outcome.PARTIAL),
        (Counts(failed=2), Outcome.NONE_SUCCEEDED),
        (Counts(cancelled=2), Outcome.NONE_SUCCEEDED),
    ],
)
def test_the_outcome_is_known_at_the_end(counts: Counts, outcome: Outcome) -> None:
    archiving = a_batch(counts=counts, status=BatchStatus.ARCHIVING)
    assert archiving.outcome is None
    assert change_batch(archiving, status=BatchStatus.COMPLETED).outcome is outcome


def test_a_batch_expires_to_the_second() -> None:
    batch = a_batch(status=BatchStatus.COMPLETED, archive=ARCHIVE, expires_at=LATER)
    before = LATER - timedelta(milliseconds=1)
    assert batch.effective_status(before) is BatchStatus.COMPLETED
    assert batch.available_archive(before) == ARCHIVE
    assert batch.effective_status(LATER) is BatchStatus.EXPIRED
    assert batch.available_archive(LATER) is None


def test_archive_is_hidden_until_its_round_ends() -> None:
    assert a_batch(status=BatchStatus.ARCHIVING, archive=ARCHIVE).available_archive(START) is None


def test_the_eta_comes_from_the_rounds_own_pace() -> None:
    batch = a_batch(size=10, status=BatchStatus.PROCESSING, round_started_at=START)
    assert batch.eta(LATER) is None
    half = change_batch(batch, counts=Counts(pending=4, processing=1, succeeded=5))
    assert half.eta(LATER) == LATER + timedelta(minutes=1)
    assert change_batch(half, status=BatchStatus.CANCELLING).eta(LATER) is None


def test_a_rejected_row_is_no_pace() -> None:
    batch = a_batch(size=3, rejected=1, status=BatchStatus.PROCESSING, round_started_at=START)
    assert batch.eta(LATER) is None


def test_a_wait_that_is_over_is_not_shown() -> None:
    batch = a_batch(waiting=ProviderWait(BlockReason.RATE_LIMITED, LATER))
    assert batch.waiting_for(START) == batch.state.waiting
    assert batch.waiting_for(LATER) is None


# --- what an item's record means ------------------------------------------------------------------


@pytest.mark.parametrize("status", [ItemStatus.PROCESSING, ItemStatus.SUCCEEDED])
def test_a_touched_items_record_says_what_it_is(status: ItemStatus) -> None:
    item = an_item(status=status, round=1)
    assert effective_item_status(a_batch(cancelling_at=LATER), item) is status


@pytest.mark.parametrize(
    ("record", "item_round", "batch_round", "cancelling", "meaning"),
    [
        (ItemStatus.PENDING, 0, 1, False, ItemStatus.PENDING),
        (ItemStatus.PENDING, 0, 1, True, ItemStatus.CANCELLED),
        (ItemStatus.PENDING, 0, 2, False, ItemStatus.CANCELLED),
        (ItemStatus.FAILED, 1, 1, False, ItemStatus.FAILED),
        (ItemStatus.FAILED, 1, 1, True, ItemStatus.FAILED),
        (ItemStatus.FAILED, 1, 2, False, ItemStatus.PENDING),
        (ItemStatus.FAILED, 1, 2, True, ItemStatus.CANCELLED),
        (ItemStatus.FAILED, 1, 3, False, ItemStatus.CANCELLED),
        (ItemStatus.FAILED, 0, 1, False, ItemStatus.FAILED),
        (ItemStatus.FAILED, 0, 4, True, ItemStatus.FAILED),
        (ItemStatus.CANCELLED, 1, 2, False, ItemStatus.CANCELLED),
        (ItemStatus.PENDING, 1, 2, False, ItemStatus.PENDING),
        (ItemStatus.PENDING, 1, 3, False, ItemStatus.CANCELLED),
    ],
)
def test_an_untouched_item_follows_its_batch(
    record: ItemStatus, item_round: int, batch_round: int, cancelling: bool, meaning: ItemStatus
) -> None:
    batch = a_batch(round=batch_round, cancelling_at=LATER if cancelling else None)
    assert effective_item_status(batch, an_item(status=record, round=item_round)) is meaning


def test_tries_belong_to_their_round() -> None:
    item = an_item(round_attempts=2, attempts_round=1)
    assert item.state.attempts_in(1) == 2
    assert item.state.attempts_in(2) == 0


# --- failures -------------------------------------------------------------------------------------


def test_reason_is_a_sentence_of_at_most_200_characters() -> None:
    assert Failure.of(FailureCode.CRASHED, " two\n lines\t") == Failure(
        FailureCode.CRASHED, "two lines"
    )
    assert Failure.of(FailureCode.CRASHED, "").reason == "crashed"
    long = Failure.of(FailureCode.CRASHED, "x" * 300).reason
    assert len(long) == REASON_LENGTH
    assert long.endswith("…")


def test_what_the_provider_will_never_make_is_not_retryable() -> None:
    permanent = {code for code in FailureCode if not code.retryable}
    assert permanent == {
        FailureCode.CONTENT_REFUSED,
        FailureCode.INVALID_INPUT,
        FailureCode.PROVIDER_REJECTED,
    }


def test_money_is_exact() -> None:
    batch = a_batch(estimated=Decimal("0.1") + Decimal("0.2"))
    assert str(batch.estimated) == "0.3"
