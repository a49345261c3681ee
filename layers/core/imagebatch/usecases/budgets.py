"""Reads a month's budget, and repairs accounts."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal

from imagebatch.domain.budgets import Account, Balance, Limits, held_by, month_of
from imagebatch.domain.model_registry import Mode
from imagebatch.domain.money import ZERO
from imagebatch.ports.accounts import AccountStore
from imagebatch.ports.clock import Clock
from imagebatch.ports.telemetry import Telemetry
from imagebatch.structs import Struct, replace
from imagebatch.usecases.records import BatchRepository

NEARLY_SPENT = Decimal("0.8")
"""The share of a budget at which operators are alerted."""
OWNER, STACK = "owner", "stack"


class Budget(Struct, frozen=True):
    month: str
    limit: Decimal | None
    balance: Balance


class ReadBudget(Struct, frozen=True):
    """For the stack's current mode."""

    accounts: AccountStore
    clock: Clock
    limits: Limits
    mode: Mode

    def __call__(self, owner: str | None) -> Budget:
        """Return the budget of an owner, or of the whole stack for None."""
        month = month_of(self.clock.now())
        limit = self.limits.stack_budget if owner is None else self.limits.owner_budget
        return Budget(month, limit, self.accounts.balance(Account(owner, self.mode, month)))


class RepairAccounts(Struct, frozen=True):
    """Makes accounts agree with the batches that hold something in them.

    Both change in one write, so they differ only after an outside change: records restored from a
    backup, edited by hand, or removed by their TTL before their batch ended.
    """

    records: BatchRepository
    accounts: AccountStore
    telemetry: Telemetry

    def __call__(self) -> Iterator[Account]:
        """Yield each corrected account; report budgets that are nearly spent."""
        months = self._months()
        stored = self.accounts.balances(months)
        self._tell_of_budgets(stored, months[0])
        held = self._held()
        if held is None:
            return
        for account in stored.keys() | held.keys():
            known = account.month in ("", *months)
            balance, expected = stored.get(account, Balance()), held.get(account, ZERO)
            if known and balance.reserved != expected and self._correct(account, balance, expected):
                yield account

    def _correct(self, account: Account, balance: Balance, held: Decimal) -> bool:
        """Return False if a batch has changed it since it was read; then it is checked again."""
        return self.accounts.correct(account, replace(balance, reserved=held))

    def _months(self) -> tuple[str, str]:
        """This month and the last, whose rounds may still run."""
        now = self.records.clock.now()
        return month_of(now), month_of(now.replace(day=1) - timedelta(days=1))

    def _held(self) -> Mapping[Account, Decimal] | None:
        """Return None if a batch cannot be read, because the amount it holds is unknown."""
        store = self.records.store
        count = sum(1 for _ in store.unfinished())
        batches = list(store.unfinished_batches())
        return held_by(batches) if len(batches) == count else None

    def _tell_of_budgets(self, stored: Mapping[Account, Balance], month: str) -> None:
        limits = self.records.limits
        for account, balance in stored.items():
            limit = limits.owner_budget if account.owner else limits.stack_budget
            if account.month == month and limit and balance.used >= NEARLY_SPENT * limit:
                share = int(100 * balance.used / limit)
                self.telemetry.budget_nearly_spent(OWNER if account.owner else STACK, month, share)
