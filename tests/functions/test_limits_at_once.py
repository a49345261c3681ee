"""The whole API function, with 200 callers at the same moment and real conditional writes."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from copy import replace
from decimal import Decimal
from typing import Any

import pytest

from testing.accounts import Accounts
from testing.aws import TABLE
from testing.awsfaults import one_at_a_time
from testing.services import Deployment
from tests.functions.conftest import Api

CALLERS = 200
ROW = {"file": ("cars.csv", b"make\nVolvo\n", "text/csv")}
RESERVED = 2 * Decimal("0.035")
"""By a batch of one placeholder."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("limits", "room", "refused"),
    [
        ({"max_active_batches": 20}, 20, 429),
        ({"max_active_batches": 1000, "owner_monthly_budget": 7 * RESERVED}, 7, 402),
    ],
    ids=["places", "budget"],
)
def test_limit_holds_for_requests_at_once(
    services: Deployment, limits: dict[str, Any], room: int, refused: int
) -> None:
    client = services.clients.dynamodb
    one_at_a_time(client)
    api = Api(Deployment(replace(services.settings, **limits), services.clients))

    def submit(_: int) -> int:
        return api.post("/api/car-batch", files=ROW).status

    with ThreadPoolExecutor(CALLERS) as pool:
        answers = Counter(pool.map(submit, range(CALLERS)))

    assert answers == {202: room, refused: CALLERS - room}
    accounts = Accounts(client, TABLE)
    assert len(accounts.unfinished("local")) == accounts.places("local") == room
