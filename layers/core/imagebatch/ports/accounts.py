"""What owners have used of their limits: places for batches, and money of a month."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from imagebatch.domain.budgets import Account, AccountEntry, Balance


class AccountStore(Protocol):
    """The accounts; they are written together with a batch (BatchStore)."""

    def check(self, entries: Sequence[AccountEntry]) -> None:
        """AccountLimitError if there is no room for these entries now.

        Only the write itself decides; this check avoids the work before it.
        """
        ...

    def balance(self, account: Account) -> Balance: ...

    def balances(self, months: Sequence[str]) -> Mapping[Account, Balance]:
        """Return every owner's places, and all the money of these months."""
        ...

    def correct(self, account: Account, balance: Balance) -> bool:
        """Replace the held amount; false if the account was written since `balance` was read."""
        ...
