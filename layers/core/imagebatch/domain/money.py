"""Amounts of money, in USD, and the record of what a batch costs."""

from decimal import Decimal

from imagebatch.structs import Struct, replace

ZERO = Decimal(0)


class Reservation(Struct, frozen=True):
    """An unfinished batch's share of its owner's account: one place and part of a month's budget.

    `amount` is the maximum that its round may commit in addition to `committed_before`.
    """

    month: str
    amount: Decimal
    committed_before: Decimal = ZERO


class Money(Struct, frozen=True, kw_only=True):
    """What a batch has committed and spent over all rounds, and what its current round may spend.

    An amount is committed before a create, and then either captured or released.
    """

    committed: Decimal = ZERO
    """What was spent, and what the creates in progress may cost."""
    actual: Decimal = ZERO
    """What was spent."""
    failed_price: Decimal | None = None
    """The price of all items that failed in this round, which is the estimate of a retry."""
    reservation: Reservation | None = None
    """Set by the write that opens a round, and removed by the one that ends it (budgets.py)."""

    def affords(self, price: Decimal) -> bool:
        """Whether the round's reservation covers another create at this price."""
        held = self.reservation
        return not held or self.committed + price <= held.committed_before + held.amount

    def commit(self, price: Decimal) -> "Money":
        return replace(self, committed=self.committed + price)

    def release(self, held: Decimal) -> "Money":
        return replace(self, committed=self.committed - held)

    def capture(self, price: Decimal, held: Decimal) -> "Money":
        """Capture the price of a create, for which `held` was committed."""
        return replace(self.release(held - price), actual=self.actual + price)

    def add_failed(self, price: Decimal) -> "Money":
        return replace(self, failed_price=(self.failed_price or ZERO) + price)

    def open_round(self) -> "Money":
        return replace(self, failed_price=None)

    def reserve(self, month: str, amount: Decimal) -> "Money":
        return replace(self, reservation=Reservation(month, amount, self.committed))

    def end_round(self) -> "Money":
        return replace(self, reservation=None)
