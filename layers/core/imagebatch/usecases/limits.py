"""The errors for an account without room."""

from imagebatch.domain.errors import (
    AccountLimitError,
    Limit,
    OverBudgetError,
    RequestError,
    TooManyBatchesError,
)
from imagebatch.domain.money import ZERO
from imagebatch.schemas.wire import money

RETRY_AFTER = 60
_WHOSE = {Limit.OWNER_BUDGET: "your budget", Limit.STACK_BUDGET: "the budget of the whole stack"}


def refusal(error: AccountLimitError) -> RequestError:
    if error.limit is Limit.ACTIVE_BATCHES:
        return TooManyBatchesError(
            "too-many-batches",
            "Too many unfinished batches",
            detail=f"{error.used} batches are unfinished; {error.cap} may be. Wait for one to "
            "end, or cancel one.",
            retry_after=RETRY_AFTER,
        )
    wanted, cap = money(error.wanted), money(error.cap)
    left = money(max(ZERO, error.cap - error.used))
    return OverBudgetError(
        "budget-exceeded",
        "Budget exceeded",
        detail=f"This request can cost up to {wanted} USD, and {left} USD are left of "
        f"{_WHOSE[error.limit]} of {cap} USD for {error.month}. Send fewer rows or a lower "
        "maxCost, or wait until running batches release what they do not spend.",
        details=[
            {
                "scope": "owner" if error.limit is Limit.OWNER_BUDGET else "stack",
                "month": error.month,
                "limit": cap,
                "left": left,
                "needed": wanted,
            }
        ],
    )
