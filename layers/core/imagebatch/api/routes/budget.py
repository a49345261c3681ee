"""The rest of this month's budget."""

from enum import StrEnum

from imagebatch.api.http import one_of
from imagebatch.api.parameters import query
from imagebatch.api.request import Request
from imagebatch.api.routing import Routes
from imagebatch.domain.errors import ForbiddenError, InvalidRequestError
from imagebatch.schemas.operation_answers import BudgetAnswer

routes = Routes("Operations")


class Scope(StrEnum):
    OWNER = "owner"
    STACK = "stack"


OWNER = query("owner", {"type": "string"}, "Another owner's budget, for operators.")
SCOPE = query(
    "scope",
    {"type": "string", "enum": [*Scope]},
    "`stack` is the budget of all owners, for operators.",
)


@routes.get(
    "/api/budget",
    id="getBudget",
    summary="What is left of this month's budget",
    description="`reserved` is the maximum that running batches can still cost. `limit` and `left` "
    "are null without a budget. Development mode has its own budget.",
    parameters=[OWNER, SCOPE],
    returns={200: BudgetAnswer},
    errors=[400, 403],
)
def get_budget(request: Request) -> BudgetAnswer:
    budget = request.services.read_budget(_whose(request))
    return BudgetAnswer(
        month=budget.month,
        limit=budget.limit,
        spent=budget.balance.spent,
        reserved=budget.balance.reserved,
        left=budget.balance.left(budget.limit),
    )


def _whose(request: Request) -> str | None:
    """The requested owner; None is the stack."""
    scope, owner = one_of(Scope, request.query, "scope"), request.query.get("owner")
    if scope is Scope.STACK and owner:
        raise InvalidRequestError(
            "owner-and-scope",
            "Send owner or scope, not both",
            detail="scope=stack is the budget of all owners together.",
        )
    asked = None if scope is Scope.STACK else owner or request.owner
    if asked != request.owner and not request.is_operator:
        raise ForbiddenError("operators-only", "For operators only", title="For operators only")
    return asked
