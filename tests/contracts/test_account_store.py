"""Accounts change in the write of a batch, and never go over what they may hold."""

from concurrent.futures import ThreadPoolExecutor
from copy import replace
from decimal import Decimal
from typing import Any

import pytest

from imagebatch.adapters.dynamodb import DynamoDBBatchStore
from imagebatch.adapters.dynamodb.accounts import DynamoDBAccountStore
from imagebatch.domain.batch import Batch
from imagebatch.domain.budgets import (
    NO_LIMITS,
    Account,
    Balance,
    Limits,
    account_entries,
    month_of,
    reserve,
)
from imagebatch.domain.errors import AccountLimitError, ConflictError, Limit
from imagebatch.domain.model_registry import Mode
from imagebatch.domain.money import ZERO
from imagebatch.domain.rounds import give_up
from imagebatch.domain.statuses import BatchStatus
from imagebatch.ports.accounts import AccountStore
from imagebatch.ports.records import BatchStore
from testing.aws import TABLE, no_sleep
from testing.awsfaults import one_at_a_time
from testing.fakes import InMemoryBatchStore
from testing.fakes.system import START
from testing.records import a_batch, change_batch

MONTH = month_of(START)
CALLERS = 200
PLACES = Account("ann")
ANN, BOB = Account("ann", Mode.LIVE, MONTH), Account("bob", Mode.LIVE, MONTH)
STACK = Account(None, Mode.LIVE, MONTH)
type Stores = tuple[BatchStore, AccountStore]


@pytest.fixture(params=["memory", "dynamodb"])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "memory":
        store = InMemoryBatchStore()
        return store, store.accounts
    client = request.getfixturevalue("dynamodb")
    one_at_a_time(client)
    return (
        DynamoDBBatchStore(client, TABLE, sleep=no_sleep),
        DynamoDBAccountStore(client, TABLE, sleep=no_sleep),
    )


def a_new_batch(id: str = "b1", owner: str = "ann", estimate: str = "0.15", **more: Any) -> Batch:  # noqa: A002
    return reserve(a_batch(id, owner, **more), Decimal(estimate), START)


def create(store: BatchStore, batch: Batch, limits: Limits = NO_LIMITS) -> Batch:
    store.create(batch, account_entries(None, batch, limits))
    return batch


def end(store: BatchStore, batch: Batch, spent: str) -> Batch:
    money = replace(batch.money, actual=Decimal(spent))
    over = change_batch(batch, status=BatchStatus.ARCHIVING, money=money)
    after = give_up(over, START)
    return store.commit(after, entries=account_entries(batch, after, NO_LIMITS))[0]


@pytest.mark.slow
def test_unknown_accounts_are_empty(stores: Stores) -> None:
    assert stores[1].balance(PLACES) == stores[1].balance(STACK) == Balance()
    assert stores[1].balances([MONTH]) == {}


def test_new_batch_takes_a_place_and_money(stores: Stores) -> None:
    store, accounts = stores
    create(store, a_new_batch())
    create(store, a_new_batch("b2", "bob"))
    assert accounts.balance(PLACES).reserved == 1
    assert (accounts.balance(ANN).reserved, accounts.balance(ANN).spent) == (Decimal("0.30"), ZERO)
    assert accounts.balance(STACK).reserved == Decimal("0.60")
    assert accounts.balances([MONTH]).keys() == {PLACES, Account("bob"), ANN, BOB, STACK}


def test_end_of_a_round_gives_back_the_rest(stores: Stores) -> None:
    store, accounts = stores
    end(store, create(store, a_new_batch()), spent="0.10")
    assert accounts.balance(PLACES).reserved == 0
    for account in (ANN, STACK):
        balance = accounts.balance(account)
        assert (balance.reserved, balance.spent, balance.used) == (
            0,
            Decimal("0.10"),
            Decimal("0.10"),
        )


def test_a_conflict_changes_no_account(stores: Stores) -> None:
    store, accounts = stores
    batch = create(store, a_new_batch())
    before = accounts.balances([MONTH])
    with pytest.raises(ConflictError):
        create(store, batch)
    end(store, batch, spent="0.10")
    after = accounts.balances([MONTH])
    with pytest.raises(ConflictError):
        end(store, batch, spent="0.10")
    assert accounts.balances([MONTH]) == after != before


@pytest.mark.parametrize(
    ("limits", "limit"),
    [
        (Limits(active_batches=1), Limit.ACTIVE_BATCHES),
        (Limits(owner_budget=Decimal("0.59")), Limit.OWNER_BUDGET),
        (Limits(stack_budget=Decimal("0.59")), Limit.STACK_BUDGET),
        (Limits(1, Decimal("0.59"), Decimal("0.59")), Limit.ACTIVE_BATCHES),
    ],
)
def test_full_account_refuses_batch_whole(stores: Stores, limits: Limits, limit: Limit) -> None:
    store, accounts = stores
    create(store, a_new_batch("b1"), limits)
    before = accounts.balances([MONTH])
    second = a_new_batch("b2")
    for refused in (
        lambda: create(store, second, limits),
        lambda: accounts.check(account_entries(None, second, limits)),
    ):
        with pytest.raises(AccountLimitError) as error:
            refused()
        assert error.value.limit is limit
        assert error.value.used == (1 if limit is Limit.ACTIVE_BATCHES else Decimal("0.30"))
    assert store.get("ann", "b2") is None
    assert accounts.balances([MONTH]) == before


def test_a_budget_can_be_spent_to_the_last_cent(stores: Stores) -> None:
    store, accounts = stores
    limits = Limits(owner_budget=Decimal("0.60"))
    create(store, a_new_batch("b1"), limits)
    create(store, a_new_batch("b2"), limits)
    assert accounts.balance(ANN).left(limits.owner_budget) == 0


def test_more_than_the_whole_budget_is_refused_at_first(stores: Stores) -> None:
    store, _ = stores
    with pytest.raises(AccountLimitError):
        create(store, a_new_batch(), Limits(owner_budget=Decimal("0.29")))
    assert store.get("ann", "b1") is None


def test_a_taken_id_is_told_before_a_full_account(stores: Stores) -> None:
    store, _ = stores
    limits = Limits(active_batches=1)
    batch = create(store, a_new_batch(), limits)
    with pytest.raises(ConflictError):
        create(store, batch, limits)


def test_development_mode_has_accounts_of_its_own(stores: Stores) -> None:
    store, accounts = stores
    create(store, a_new_batch(mode=Mode.DEVELOPMENT))
    assert accounts.balance(ANN) == Balance()
    assert accounts.balance(Account("ann", Mode.DEVELOPMENT, MONTH)).reserved == Decimal("0.30")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("limits", "most"),
    [
        (Limits(active_batches=20), 20),
        (Limits(owner_budget=Decimal("2.10")), 7),
        (Limits(stack_budget=Decimal("2.39")), 7),
    ],
    ids=["places", "owner", "stack"],
)
def test_limit_holds_for_all_callers_at_once(stores: Stores, limits: Limits, most: int) -> None:
    store, accounts = stores

    def submit(number: int) -> bool:
        try:
            create(store, a_new_batch(f"b{number}"), limits)
        except AccountLimitError:
            return False
        return True

    with ThreadPoolExecutor(CALLERS) as pool:
        accepted = sum(pool.map(submit, range(CALLERS)))
    assert accepted == most == len(list(store.unfinished("ann")))
    assert accounts.balance(PLACES).reserved == most


def test_correction_is_dropped_when_account_was_written(stores: Stores) -> None:
    store, accounts = stores
    create(store, a_new_batch())
    read = accounts.balance(ANN)
    create(store, a_new_batch("b2"))
    assert not accounts.correct(ANN, replace(read, reserved=ZERO))
    assert accounts.balance(ANN).reserved == Decimal("0.60")


@pytest.mark.parametrize("account", [PLACES, ANN, STACK])
def test_corrected_account_counts_on(stores: Stores, account: Account) -> None:
    store, accounts = stores
    assert accounts.correct(account, Balance(reserved=Decimal(5)))
    assert accounts.correct(account, replace(accounts.balance(account), reserved=Decimal(1)))
    create(store, a_new_batch())
    taken = 1 if account is PLACES else Decimal("0.30")
    assert accounts.balance(account).used == 1 + taken
    assert account in accounts.balances([MONTH])


@pytest.mark.parametrize("owner", ["auth0|123", "a#b", "Zoë Ünal", "=a", "x" * 900, "STACK", "~a"])
def test_any_owner_has_an_account_of_its_own(stores: Stores, owner: str) -> None:
    store, accounts = stores
    create(store, a_new_batch(owner=owner))
    assert accounts.balances([MONTH]).keys() == {
        Account(owner),
        Account(owner, Mode.LIVE, MONTH),
        STACK,
    }
