"""What owners have taken of their limits: places for batches, and money of a month."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from imagebatch.domain.budgets import Account, AccountEntry, Balance


class AccountStore(Protocol):
    """The accounts; what changes them is written with a batch (BatchStore)."""

    def check(self, entries: Sequence[AccountEntry]) -> None:
        """AccountLimitError when there is no room for these entries now.

        Only the write itself decides; this spares what goes before it.
        """
        ...

    def balance(self, account: Account) -> Balance: ...

    def balances(self, months: Sequence[str]) -> Mapping[Account, Balance]:
        """Every owner's places, and all the money of these months."""
        ...

    def correct(self, account: Account, balance: Balance) -> bool:
        """Replaces what is held; false when the account was written since `balance` was read."""
        ...
