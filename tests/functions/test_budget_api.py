"""GET /api/budget, and what a budget refuses."""

from copy import replace
from decimal import Decimal
from typing import Any

import pytest

from imagebatch.domain.budgets import month_of
from imagebatch.schemas.operation_answers import BudgetAnswer
from testing.services import Deployment
from tests.functions.conftest import Api

ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:key-AbCdEf"
OPERATOR = {"cognito:groups": "[operators]"}
ROW = {"file": ("cars.csv", b"make\nVolvo\n", "text/csv")}
PRICE = Decimal("0.035")
"""Of a placeholder."""


@pytest.fixture
def poor(services: Deployment) -> Api:
    """A stack whose owners may have two batches of a row in a month, and all together three."""
    settings = replace(
        services.settings,
        owner_monthly_budget=4 * PRICE,
        stack_monthly_budget=7 * PRICE,
    )
    return Api(Deployment(settings, services.clients))


def budget(api: Api, query: str = "") -> dict[str, Any]:
    answer = api.get(f"/api/budget{query}")
    assert answer.status == 200, answer.body
    BudgetAnswer.model_validate(answer.json())
    return dict(answer.json())


def submit(api: Api, **fields: str) -> Any:
    return api.post("/api/car-batch", files=ROW, data=fields)


def test_no_budget_has_no_limit(api: Api) -> None:
    month = month_of(api.services.clock.now())

    assert budget(api) == {
        "month": month, "limit": None, "spent": "0.00", "reserved": "0.00", "left": None,
    }  # fmt: skip


def test_batch_reserves_each_of_its_tries(poor: Api) -> None:
    ann = poor.as_owner("ann")
    assert submit(ann).status == 202

    assert budget(ann) | {"month": ""} == {
        "month": "", "limit": "0.14", "spent": "0.00", "reserved": "0.07", "left": "0.07",
    }  # fmt: skip
    assert budget(poor.as_owner("bob"))["reserved"] == "0.00"


@pytest.mark.slow
def test_batch_over_budget_is_rejected_with_remaining_amount(poor: Api) -> None:
    ann = poor.as_owner("ann")
    assert submit(ann, maxCost="0.10").status == 202
    assert submit(ann).status == 202
    refused = submit(ann)

    assert (refused.status, refused.json()["error"]) == (402, "Budget exceeded")
    assert refused.json()["details"] == [
        {
            "scope": "owner",
            "month": month_of(poor.services.clock.now()),
            "limit": "0.14",
            "left": "0.00",
            "needed": "0.07",
        }
    ]
    assert [b["total"] for b in ann.get("/api/v1/batch").json()["items"]] == [1, 1]


@pytest.mark.slow
def test_budget_of_the_stack_refuses_other_owners_too(poor: Api) -> None:
    for owner in ("ann", "bob", "cid"):
        assert submit(poor.as_owner(owner)).status == 202
    refused = submit(poor.as_owner("dee"))

    assert refused.status == 402
    assert refused.json()["details"][0]["scope"] == "stack"
    assert "left of the budget of the whole stack" in refused.json()["detail"]


@pytest.mark.slow
def test_dry_run_is_not_refused_by_a_budget(poor: Api) -> None:
    ann = poor.as_owner("ann")
    submit(ann)
    submit(ann)

    assert submit(ann, dryRun="true").status == 200


@pytest.mark.slow
def test_refused_submit_leaves_its_idempotency_key(poor: Api) -> None:
    ann = poor.as_owner("ann")
    key = {"Idempotency-Key": "k"}
    submit(ann)
    submit(ann)
    assert ann.post("/api/car-batch", files=ROW, headers=key).status == 402
    settings = replace(ann.services.settings, owner_monthly_budget=None)
    richer = Api(Deployment(settings, ann.services.clients), "ann")

    assert richer.post("/api/car-batch", files=ROW, headers=key).status == 202


@pytest.mark.slow
def test_live_mode_does_not_see_placeholders(poor: Api) -> None:
    submit(poor)
    settings = replace(poor.services.settings, replicate_secret_arn=ARN)

    assert budget(poor)["reserved"] == "0.07"
    assert budget(Api(Deployment(settings, poor.services.clients)))["reserved"] == "0.00"


def test_operators_see_every_budget(poor: Api) -> None:
    submit(poor.as_owner("ann"))
    otto = poor.as_owner("otto", **OPERATOR)

    assert budget(otto)["reserved"] == "0.00"
    assert budget(otto, "?owner=ann")["reserved"] == "0.07"
    stack = budget(otto, "?scope=stack")
    assert (stack["limit"], stack["reserved"], stack["left"]) == ("0.245", "0.07", "0.175")


@pytest.mark.parametrize(
    ("query", "status"),
    [("?owner=bob", 403), ("?scope=stack", 403), ("?owner=ann", 200), ("?scope=owner", 200),
     ("?scope=all", 400), ("?scope=stack&owner=ann", 400)],
)  # fmt: skip
def test_others_see_only_their_own_budget(poor: Api, query: str, status: int) -> None:
    assert poor.as_owner("ann").get(f"/api/budget{query}").status == status
