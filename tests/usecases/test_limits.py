"""Limits of an owner hold at the same moment, and whatever ends gives back what it held."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from copy import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from imagebatch.api.errors import status_of
from imagebatch.domain.budgets import Account, Limits
from imagebatch.domain.errors import (
    ConflictError,
    FailureCode,
    OverBudgetError,
    RequestError,
    TooManyBatchesError,
    UnavailableError,
)
from imagebatch.domain.model_registry import Mode
from imagebatch.domain.statuses import BatchStatus
from imagebatch.usecases.budgets import RepairAccounts
from testing.app_harness import OWNER, PRICE, AppHarness
from testing.fakes.system import START
from tests.usecases.test_process_item import failed

CALLERS = 200
PLACES, MONEY = Account(OWNER), Account(OWNER, Mode.LIVE, START.strftime("%Y-%m"))
STACK = replace(MONEY, owner=None)
ONE_ROW = 2 * PRICE
"""What a batch of one row reserves."""


def an_app(**limits: object) -> AppHarness:
    return AppHarness(limits=Limits(**limits))  # type: ignore[arg-type]


def held(app: AppHarness, account: Account = PLACES) -> Decimal:
    return app.accounts.balance(account).reserved


def at_once(calls: Iterator[Callable[[], object]]) -> list[type[Exception] | None]:
    """What each of these calls was refused with."""

    def refused(call: Callable[[], object]) -> type[Exception] | None:
        try:
            call()
        except RequestError as error:
            return type(error)
        return None

    with ThreadPoolExecutor(CALLERS) as pool:
        return list(pool.map(refused, calls))


def failed_batches(app: AppHarness, count: int) -> None:
    """That many finished batches whose one row can be tried again."""
    app.provider.script("0", *[failed(FailureCode.PROVIDER_TIMEOUT)] * count)
    for number in range(count):
        app.submit(1, f"old{number}")
        app.dispatch_items(OWNER, f"old{number}", 1)
        app.drain()
        app.finish(f"old{number}")


@pytest.mark.parametrize(
    ("limits", "most", "refusal"),
    [
        ({"active_batches": 20}, 20, TooManyBatchesError),
        ({"owner_budget": 7 * ONE_ROW}, 7, OverBudgetError),
        ({"stack_budget": 8 * ONE_ROW - PRICE}, 7, OverBudgetError),
    ],
)
def test_limit_holds_for_submits_at_once(
    limits: dict[str, object], most: int, refusal: type[Exception]
) -> None:
    app = an_app(**limits)
    answers = at_once(lambda n=n: app.submit(1, f"b{n}") for n in range(CALLERS))  # type: ignore[misc]
    assert answers.count(None) == most == len(list(app.store.unfinished(OWNER)))
    assert answers.count(refusal) == CALLERS - most


@pytest.mark.slow
def test_limit_holds_for_submits_and_retries_at_once() -> None:
    app = an_app(active_batches=20)
    failed_batches(app, 60)
    calls = [
        (lambda n=n: app.retry_batch(OWNER, f"old{n}", f"r{n}"))  # type: ignore[misc]
        if n < 60
        else (lambda n=n: app.submit(1, f"b{n}"))  # type: ignore[misc]
        for n in range(CALLERS)
    ]
    answers = at_once(iter(calls))
    assert answers.count(None) == 20 == len(list(app.store.unfinished(OWNER))) == held(app)


def test_refused_submit_leaves_no_files() -> None:
    app = an_app(active_batches=1)
    app.submit(1, "b1")
    before = set(app.media.objects)
    with pytest.raises(TooManyBatchesError) as refused:
        app.submit(1, "b2")
    assert refused.value.retry_after
    assert set(app.media.objects) == before


def test_budget_refusal_says_what_is_left() -> None:
    app = an_app(owner_budget=Decimal("0.25"))
    app.submit(2, "b1")
    with pytest.raises(OverBudgetError) as refused:
        app.submit(1, "b2")
    assert (refused.value.error, status_of(refused.value)) == ("Budget exceeded", 402)
    [detail] = refused.value.details
    month = START.strftime("%Y-%m")
    assert detail == {
        "scope": "owner", "month": month, "limit": "0.25", "left": "0.05", "needed": "0.10",
    }  # fmt: skip


def test_lower_cap_fits_into_what_is_left() -> None:
    app = an_app(owner_budget=Decimal("0.25"))
    app.submit(2, "b1")
    app.submit(1, "b2", max_cost=PRICE)
    assert held(app, MONEY) == Decimal("0.25")


@pytest.mark.parametrize("way", ["published", "given up", "cancelled"])
def test_each_end_gives_back_place_and_rest(way: str) -> None:
    app = an_app()
    app.start(2)
    assert (held(app), held(app, MONEY), held(app, STACK)) == (1, 4 * PRICE, 4 * PRICE)
    if way == "cancelled":
        app.deliver()
        app.cancel_batch(OWNER, "b1")
    app.drain()
    if way == "given up":
        app.finalize.give_up(app.finalizer_run)
    else:
        app.finish()
    assert app.batch.finished
    for account in (MONEY, STACK):
        balance = app.accounts.balance(account)
        assert (balance.reserved, balance.spent) == (0, app.batch.money.actual)
    assert held(app) == 0


def test_retry_can_be_over_a_limit() -> None:
    app = an_app(active_batches=1)
    failed_batches(app, 2)
    app.submit(1, "b1")
    with pytest.raises(TooManyBatchesError):
        app.retry_batch(OWNER, "old0")
    poorer = replace(app.records, limits=Limits(owner_budget=Decimal("0.10")))
    with pytest.raises(OverBudgetError):
        replace(app.retry, records=poorer)(OWNER, "old0", "r")
    batch = app.store.get(OWNER, "old0")
    assert batch is not None
    assert (batch.status, batch.round) == (BatchStatus.FAILED, 1)


def test_batch_counts_where_its_round_opened() -> None:
    app = an_app()
    app.provider.script("0", failed(FailureCode.PROVIDER_TIMEOUT))
    app.clock.advance(timedelta(days=31).total_seconds())
    app.submit(2)
    opened = replace(MONEY, month=app.clock.now().strftime("%Y-%m"))
    app.dispatch_items(OWNER, "b1", 1)
    app.drain()
    assert held(app, opened) == 4 * PRICE
    app.finish()
    assert app.accounts.balance(opened).spent == PRICE


def test_submit_repeated_after_a_lost_answer_takes_one_place() -> None:
    app = an_app(active_batches=1)
    app.store.fail_next("create", UnavailableError("answer lost"), applied=True)
    with suppress(UnavailableError):
        app.submit(1)
    app.submit(1)
    assert held(app) == 1


def test_submit_that_keeps_colliding_is_unavailable() -> None:
    app = an_app()
    app.store.fail_next("create", ConflictError("another transaction"), times=3)
    with pytest.raises(UnavailableError):
        app.submit(1)
    app.store.fail_next("create", ConflictError("another transaction"), times=2)
    assert app.submit(1, "b2").id == "b2"


# --- accounts are kept true -----------------------------------------------------------------------


def repaired(app: AppHarness) -> set[Account]:
    return set(RepairAccounts(app.records, app.accounts, app.telemetry)())


def test_true_accounts_are_left_alone() -> None:
    app = an_app()
    app.start(2)
    before = dict(app.accounts.accounts)
    assert repaired(app) == set()
    assert app.accounts.accounts == before


def test_wrong_accounts_are_corrected_from_the_batches() -> None:
    app = an_app()
    app.run(1)
    app.submit(1, "b2")
    gone = Account("gone")
    for account in (PLACES, MONEY, STACK, gone):
        app.accounts.correct(account, replace(app.accounts.balance(account), reserved=Decimal(9)))
    assert repaired(app) == {PLACES, MONEY, STACK, gone}
    assert (held(app), held(app, MONEY), held(app, STACK)) == (1, ONE_ROW, ONE_ROW)
    assert (held(app, gone), app.accounts.balance(MONEY).spent) == (0, PRICE)


def test_concurrently_changed_account_waits_for_next_sweep() -> None:
    app = an_app()
    app.submit(1, "b1")
    app.accounts.correct(PLACES, replace(app.accounts.balance(PLACES), reserved=Decimal(9)))
    app.store.before_next("unfinished_batches", lambda: app.submit(1, "b2"))
    assert repaired(app) == set()
    assert repaired(app) == {PLACES}
    assert held(app) == 2


def test_nothing_is_corrected_while_a_batch_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = an_app()
    app.submit(1, "b1")
    monkeypatch.setattr(app.store, "unfinished_batches", lambda *_: iter(()))
    assert repaired(app) == set()
    assert held(app) == 1


@pytest.mark.parametrize(
    ("budget", "told"),
    [
        ({"owner_budget": 2 * ONE_ROW}, []),
        ({"owner_budget": Decimal("0.125")}, ["owner budget 80 %"]),
        ({"stack_budget": ONE_ROW}, ["stack budget 100 %"]),
        ({}, []),
    ],
)
def test_budget_that_is_nearly_spent_is_told(budget: dict[str, object], told: list[str]) -> None:
    app = an_app(**budget)
    app.submit(1)
    repaired(app)
    assert app.telemetry.notes == told
