"""An owner's concurrent batches and monthly spending. Pure functions.

An unfinished batch holds a `Reservation`: one of its owner's places, and the maximum cost of its
round. The write that opens the round takes it and the write that ends the round releases it, so no
crash in between can lose a place or money.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal

from imagebatch.domain.batch import Batch
from imagebatch.domain.errors import (
    AccountLimitError,
    Limit,
    UnprocessableError,
)
from imagebatch.domain.item import TRIES
from imagebatch.domain.model_registry import Mode
from imagebatch.domain.money import ZERO
from imagebatch.structs import Struct, replace

ONE = Decimal(1)


class Limits(Struct, frozen=True):
    """An owner's concurrent batches and monthly spending; None means no limit."""

    active_batches: int | None = None
    owner_budget: Decimal | None = None
    stack_budget: Decimal | None = None


NO_LIMITS = Limits()


class Account(Struct, frozen=True):
    """What unfinished batches draw on: an owner's places, or money of a month.

    Places have no month. The money of the whole stack has no owner. Live and development mode have
    separate accounts.
    """

    owner: str | None
    mode: Mode | None = None
    month: str = ""


class Balance(Struct, frozen=True):
    """The amount held by unfinished batches and the amount spent by finished ones."""

    reserved: Decimal = ZERO
    spent: Decimal = ZERO
    version: int = 0
    """The number of writes."""

    @property
    def used(self) -> Decimal:
        return self.reserved + self.spent

    def left(self, cap: Decimal | None) -> Decimal | None:
        return None if cap is None else max(ZERO, cap - self.used)


class AccountEntry(Struct, frozen=True):
    """A change of one account; an increase may not exceed `cap`."""

    account: Account
    limit: Limit
    reserved: Decimal
    spent: Decimal = ZERO
    cap: Decimal | None = None

    def fits(self, balance: Balance) -> bool:
        return self.cap is None or self.reserved <= 0 or balance.used + self.reserved <= self.cap

    def refused(self, balance: Balance) -> AccountLimitError:
        return AccountLimitError(
            self.limit,
            cap=self.cap or ZERO,
            used=balance.used,
            wanted=self.reserved,
            month=self.account.month,
        )


def month_of(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m")


def reserve(batch: Batch, estimate: Decimal, now: datetime) -> Batch:
    """Reserve a place and the maximum cost of a round of items at this price."""
    amount = estimate * TRIES
    if batch.max_cost is not None:
        amount = max(ZERO, min(amount, batch.max_cost - batch.money.committed))
    return replace(batch, money=batch.money.reserve(month_of(now), amount))


def change_max_cost(batch: Batch, max_cost: Decimal) -> Batch:
    """Set the batch's maximum cost over all of its rounds, including finished ones."""
    committed = batch.money.committed
    if max_cost < committed:
        raise UnprocessableError(
            "max-cost-too-low",
            "maxCost is below the amount spent",
            detail=f"The batch has already spent {committed} USD, and maxCost is its total "
            f"over all rounds. Send at least {committed}.",
        )
    return replace(batch, max_cost=max_cost)


def account_entries(before: Batch | None, after: Batch, limits: Limits) -> tuple[AccountEntry, ...]:
    """Return the account entries for a batch's change from one state to another."""
    held, taken = before.money.reservation if before else None, after.money.reservation
    if held is None and taken is not None:
        return _entries(after, taken.month, ONE, taken.amount, ZERO, limits)
    if held is not None and taken is None:
        spent = after.money.actual - held.committed_before
        return _entries(after, held.month, -ONE, -held.amount, spent, limits)
    if held != taken:
        raise ValueError("a round was opened before the last one gave back what it held")
    return ()


def _entries(
    batch: Batch, month: str, places: Decimal, money: Decimal, spent: Decimal, limits: Limits
) -> tuple[AccountEntry, ...]:
    owner, stack = (Account(who, batch.mode, month) for who in (batch.owner, None))
    entries = [place(batch.owner, limits, places)]
    if money or spent:
        entries += [
            AccountEntry(owner, Limit.OWNER_BUDGET, money, spent, limits.owner_budget),
            AccountEntry(stack, Limit.STACK_BUDGET, money, spent, limits.stack_budget),
        ]
    return tuple(entries)


def place(owner: str, limits: Limits, count: Decimal = ONE) -> AccountEntry:
    cap = None if limits.active_batches is None else Decimal(limits.active_batches)
    return AccountEntry(Account(owner), Limit.ACTIVE_BATCHES, count, cap=cap)


def held_by(batches: Iterable[Batch]) -> Mapping[Account, Decimal]:
    """Return the amounts that these batches hold, by account."""
    held: defaultdict[Account, Decimal] = defaultdict(Decimal)
    for batch in batches:
        if batch.money.reservation is not None:
            for entry in account_entries(None, batch, NO_LIMITS):
                held[entry.account] += entry.reserved
    return held
