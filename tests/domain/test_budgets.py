"""What a round reserves, and what its end gives back."""

from copy import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from imagebatch.api.errors import status_of
from imagebatch.domain import charges, rounds, transitions
from imagebatch.domain.batch import Batch
from imagebatch.domain.budgets import (
    NO_LIMITS,
    Account,
    Limits,
    account_entries,
    change_max_cost,
    held_by,
    month_of,
    reserve,
)
from imagebatch.domain.counts import Counts
from imagebatch.domain.errors import Failure, FailureCode, InvalidRequestError, Limit
from imagebatch.domain.item_state import Lease
from imagebatch.domain.model_registry import Mode
from imagebatch.domain.money import ZERO, Money, Reservation
from imagebatch.domain.round_state import Archive
from imagebatch.domain.statuses import BatchStatus, ItemStatus
from testing.fakes.system import START
from testing.records import PRICE, a_batch, an_item, change_batch

LATER = START + timedelta(minutes=1)
MONTH = month_of(START)
FAILURE = Failure(FailureCode.PROVIDER_TIMEOUT, "no answer")
BOTH_SPENT = Limits(7, Decimal(2), Decimal(3))


def at_end(**more: Any) -> Batch:
    counts = Counts(succeeded=1, failed=2)
    facts = {"status": BatchStatus.COMPLETED, "counts": counts, "estimated": Decimal("0.15")}
    return a_batch(**(facts | more))


@pytest.mark.parametrize(
    ("at", "month"),
    [
        (datetime(2026, 11, 30, 23, 59, tzinfo=UTC), "2026-11"),
        (datetime(2026, 12, 1, tzinfo=UTC), "2026-12"),
        (datetime(2026, 12, 1, 1, tzinfo=timezone(timedelta(hours=2))), "2026-11"),
    ],
)
def test_month_is_that_of_utc(at: datetime, month: str) -> None:
    assert month_of(at) == month


@pytest.mark.parametrize(
    ("max_cost", "committed", "amount"),
    [
        (None, "0", "0.30"),
        ("0.20", "0", "0.20"),
        ("5.00", "0", "0.30"),
        ("0.20", "0.15", "0.05"),
        ("0.20", "0.20", "0"),
    ],
)
def test_round_reserves_cap_or_every_try(max_cost: str | None, committed: str, amount: str) -> None:
    cap = None if max_cost is None else Decimal(max_cost)
    batch = a_batch(max_cost=cap, money=Money(committed=Decimal(committed)))
    opened = reserve(batch, Decimal("0.15"), START)
    assert opened.money.reservation == Reservation(MONTH, Decimal(amount), Decimal(committed))


def test_creates_stay_below_what_was_reserved() -> None:
    batch = reserve(a_batch(money=Money(committed=PRICE)), PRICE, START)
    batch = replace(batch, money=batch.money.commit(PRICE))
    assert charges.affordable(batch, an_item())
    assert not charges.affordable(replace(batch, money=batch.money.commit(PRICE)), an_item())


def test_retry_reserves_for_what_failed_in_its_own_month() -> None:
    money = Money(failed_price=Decimal("0.10"), committed=PRICE, actual=PRICE)
    batch = at_end(money=money)
    again = rounds.retry(batch, START + timedelta(days=6))
    month = month_of(START + timedelta(days=6))
    assert again.money.reservation == Reservation(month, Decimal("0.20"), PRICE)
    assert again.money.failed_price is None


def test_retry_of_an_older_record_reserves_for_all() -> None:
    again = rounds.retry(at_end(), LATER)
    assert again.money.reservation == Reservation(MONTH, Decimal("0.30"), ZERO)


def test_rebuilt_archive_takes_a_place_and_no_money() -> None:
    batch = at_end(counts=Counts(succeeded=3))
    rebuilt = rounds.retry(batch, LATER)
    [place] = account_entries(batch, rebuilt, NO_LIMITS)
    assert (place.account, place.reserved) == (Account("ann"), 1)


def test_failed_prices_are_kept_for_a_retry() -> None:
    batch = a_batch(status=BatchStatus.PROCESSING)
    lease = Lease("t", LATER)
    for index in (0, 1):
        claimed = transitions.claim(batch, an_item(index), lease, START, timedelta(minutes=5))
        batch, _ = transitions.fail(*claimed, FAILURE, LATER)
    assert batch.money.failed_price == 2 * PRICE
    lost = change_batch(batch, status=BatchStatus.ARCHIVING, counts=Counts(succeeded=1, failed=2))
    made = an_item(2, status=ItemStatus.SUCCEEDED, round=1)
    assert transitions.mark_output_lost(lost, made, FAILURE)[0].money.failed_price == 3 * PRICE


@pytest.mark.parametrize("ending", ["published", "given up"])
def test_end_of_a_round_books_what_it_spent(ending: str) -> None:
    money = Money(committed=PRICE)
    before = reserve(
        a_batch(status=BatchStatus.ARCHIVING, counts=Counts(succeeded=3), money=money),
        3 * PRICE,
        START,
    )
    money = replace(before.money, actual=4 * PRICE, committed=4 * PRICE)
    before = replace(before, money=money)
    after = (
        rounds.give_up(before, LATER)
        if ending == "given up"
        else rounds.publish(before, Archive("a.zip", 1, 1), LATER, timedelta(hours=6))
    )
    assert after.money.reservation is None
    place, owner, stack = account_entries(before, after, BOTH_SPENT)
    assert (place.reserved, place.spent) == (-1, 0)
    assert owner.account == Account("ann", Mode.LIVE, MONTH)
    assert stack.account == Account(None, Mode.LIVE, MONTH)
    for entry in (owner, stack):
        assert (entry.reserved, entry.spent) == (-6 * PRICE, 3 * PRICE)


def test_opened_round_takes_with_the_limits() -> None:
    entries = account_entries(None, reserve(a_batch(), PRICE, START), BOTH_SPENT)
    assert [(e.limit, e.reserved, e.cap) for e in entries] == [
        (Limit.ACTIVE_BATCHES, 1, 7),
        (Limit.OWNER_BUDGET, 2 * PRICE, 2),
        (Limit.STACK_BUDGET, 2 * PRICE, 3),
    ]


def test_moves_within_a_round_change_no_account() -> None:
    batch = reserve(a_batch(), PRICE, START)
    assert account_entries(batch, rounds.cancel(batch, LATER), NO_LIMITS) == ()


def test_a_record_without_a_reservation_gives_nothing_back() -> None:
    before = a_batch(status=BatchStatus.ARCHIVING, counts=Counts(failed=3))
    assert account_entries(before, rounds.give_up(before, LATER), NO_LIMITS) == ()


def test_opening_a_round_over_an_open_one_raises() -> None:
    batch = reserve(a_batch(), PRICE, START)
    with pytest.raises(ValueError, match="before the last one"):
        account_entries(batch, reserve(batch, 2 * PRICE, START), NO_LIMITS)


def test_held_is_summed_over_unfinished_batches() -> None:
    batches = [
        reserve(a_batch("b1"), PRICE, START),
        reserve(a_batch("b2", "bob"), PRICE, START),
        a_batch("older"),
    ]
    assert held_by(batches) == {
        Account("ann"): 1,
        Account("bob"): 1,
        Account("ann", Mode.LIVE, MONTH): 2 * PRICE,
        Account("bob", Mode.LIVE, MONTH): 2 * PRICE,
        Account(None, Mode.LIVE, MONTH): 4 * PRICE,
    }


def test_cap_can_change_down_to_what_was_spent() -> None:
    batch = at_end(money=Money(committed=PRICE), max_cost=Decimal("0.10"))
    assert change_max_cost(batch, Decimal(1)).max_cost == 1
    assert change_max_cost(batch, PRICE).max_cost == PRICE
    with pytest.raises(InvalidRequestError) as refused:
        change_max_cost(batch, Decimal("0.049"))
    assert (status_of(refused.value), refused.value.kind) == (422, "max-cost-too-low")
