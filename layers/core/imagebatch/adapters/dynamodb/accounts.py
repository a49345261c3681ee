"""Accounts in the table (layout: `keys`): one small record each, written together with a batch.

`used` is the sum of `held` and `spent`, because a condition cannot add two attributes.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING

from imagebatch.adapters.dynamodb import keys
from imagebatch.adapters.dynamodb.readable import Report, ignore, read_record, readable
from imagebatch.adapters.dynamodb.table import (
    NEW,
    Condition,
    ConditionFailedError,
    Record,
    Table,
    unchanged,
)
from imagebatch.domain.budgets import Account, AccountEntry, Balance
from imagebatch.domain.errors import AccountLimitError
from imagebatch.domain.model_registry import Mode
from imagebatch.domain.money import ZERO
from imagebatch.ports.accounts import AccountStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef


class DynamoDBAccountStore(AccountStore):
    """`ports.AccountStore`."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
        report: Report = ignore,
    ) -> None:
        self._table = Table(client, table, sleep=sleep)
        self._report = report

    def check(self, entries: Sequence[AccountEntry]) -> None:
        limited = [e for e in entries if e.cap is not None and e.reserved > 0]
        if not limited:
            return
        found = self._table.get_many([_key(entry.account) for entry in limited])
        for entry in limited:
            balance = _balance(found.get(_key(entry.account)))
            if not entry.fits(balance):
                raise entry.refused(balance)

    def balance(self, account: Account) -> Balance:
        return _balance(self._table.get(_key(account)))

    def balances(self, months: Sequence[str]) -> Mapping[Account, Balance]:
        ledgers = [keys.ledger_partition(mode.value, month) for mode in Mode for month in months]
        partitions = [keys.PLACES, *ledgers]
        records = chain.from_iterable(self._table.query(each, "!", "\x7f") for each in partitions)
        return dict(b for _, b in readable(records, _entry, self._report, _name_of))

    def correct(self, account: Account, balance: Balance) -> bool:
        held = {"held": balance.reserved, "used": balance.used, "version": balance.version + 1}
        known = unchanged("version", balance.version) if balance.version else NEW
        key, record = _key(account), held | _names(account)
        try:
            self._table.write(self._table.update(key, record, (), known))
        except ConditionFailedError:
            return False
        return True


def transact_with_entries(
    table: Table,
    actions: Sequence["TransactWriteItemTypeDef"],
    entries: Sequence[AccountEntry],
    ttl: Record,
    *,
    versioned: int = 0,
) -> None:
    """Writes the actions and the entries, all or nothing; `versioned` as in `Table.transact`.

    AccountLimitError when only an account's condition failed: the records were as they were read.
    """
    for entry in entries:
        if not entry.fits(Balance()):
            raise _refused(table, entry)
    try:
        table.transact([*actions, *_actions(table, entries, ttl)], versioned=versioned)
    except ConditionFailedError as error:
        first = min(error.at) - len(actions)
        if first < 0:
            raise
        raise _refused(table, entries[first]) from error


def _refused(table: Table, entry: AccountEntry) -> AccountLimitError:
    return entry.refused(_balance(table.get(_key(entry.account))))


def _actions(
    table: Table, entries: Sequence[AccountEntry], ttl: Record
) -> Iterator["TransactWriteItemTypeDef"]:
    for entry in entries:
        amounts = {
            "held": entry.reserved,
            "spent": entry.spent,
            "used": entry.reserved + entry.spent,
        }
        # A place is removed with its batch's records; spent amounts stay in the ledger.
        facts = _names(entry.account) | ({} if entry.account.month else ttl)
        yield table.add(_key(entry.account), amounts | {"version": 1}, facts, _room(entry))


def _room(entry: AccountEntry) -> Condition | None:
    if entry.cap is None or entry.reserved <= 0:
        return None
    text = "attribute_not_exists(#used) OR #used <= :room"
    return Condition(text, ("used",), {"room": entry.cap - entry.reserved})


def _key(account: Account) -> keys.Key:
    if account.mode is None:
        return keys.places(account.owner or "")
    return keys.ledger(account.mode.value, account.month, account.owner)


def _names(account: Account) -> Record:
    names = {"owner": account.owner, "mode": account.mode, "month": account.month}
    return {name: str(value) for name, value in names.items() if value}


def _account(record: Record) -> Account:
    if record["pk"] == keys.PLACES:
        return Account(record["owner"])
    return Account(record.get("owner"), Mode(record["mode"]), record["month"])


def _entry(record: Record) -> tuple[Account, Balance]:
    return _account(record), _balance(record)


def _name_of(record: Record) -> str:
    return str(record["pk"])


def _balance(record: Record | None) -> Balance:
    if record is None:
        return Balance()
    return read_record(record, _read_balance)


def _read_balance(record: Record) -> Balance:
    held, spent = (Decimal(record.get(name, ZERO)) for name in ("held", "spent"))
    return Balance(held, spent, int(record.get("version", 0)))
