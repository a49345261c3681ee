from collections.abc import Mapping, Sequence
from copy import replace
from threading import RLock

from imagebatch.domain.budgets import Account, AccountEntry, Balance
from imagebatch.ports.accounts import AccountStore
from testing.fakes.faults import Faults, faulty


class InMemoryAccountStore(Faults, AccountStore):
    """`accounts` holds the stored records."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = RLock()
        self.accounts: dict[Account, Balance] = {}

    @faulty
    def check(self, entries: Sequence[AccountEntry]) -> None:
        self._check(entries)

    def make(self, entries: Sequence[AccountEntry]) -> None:
        """Called by the batch store within its own write."""
        with self._lock:
            self._check(entries)
            for entry in entries:
                before = self._of(entry.account)
                self.accounts[entry.account] = Balance(
                    before.reserved + entry.reserved, before.spent + entry.spent, before.version + 1
                )

    @faulty
    def balance(self, account: Account) -> Balance:
        return self._of(account)

    @faulty
    def balances(self, months: Sequence[str]) -> Mapping[Account, Balance]:
        with self._lock:
            return {a: b for a, b in self.accounts.items() if a.month in ("", *months)}

    @faulty
    def correct(self, account: Account, balance: Balance) -> bool:
        with self._lock:
            if self._of(account).version != balance.version:
                return False
            self.accounts[account] = replace(balance, version=balance.version + 1)
        return True

    def _check(self, entries: Sequence[AccountEntry]) -> None:
        for entry in entries:
            balance = self._of(entry.account)
            if not entry.fits(balance):
                raise entry.refused(balance)

    def _of(self, account: Account) -> Balance:
        return self.accounts.get(account, Balance())
