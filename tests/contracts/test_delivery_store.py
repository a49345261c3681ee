from concurrent.futures import ThreadPoolExecutor
from copy import replace
from datetime import datetime, timedelta

import pytest

from imagebatch.adapters.dynamodb.deliveries import DynamoDBDeliveryStore
from imagebatch.domain.delivery import Delivery, DeliveryStatus
from imagebatch.domain.errors import ConflictError
from imagebatch.ports.deliveries import DeliveryStore
from testing.aws import TABLE, no_sleep
from testing.awsfaults import one_at_a_time
from testing.fakes.deliveries import InMemoryDeliveryStore
from testing.fakes.system import START
from testing.records import a_batch

BATCH = a_batch()


@pytest.fixture(params=["memory", "dynamodb"])
def deliveries(request: pytest.FixtureRequest) -> DeliveryStore:
    if request.param == "memory":
        return InMemoryDeliveryStore()
    client = request.getfixturevalue("dynamodb")
    one_at_a_time(client)
    return DynamoDBDeliveryStore(client, TABLE, sleep=no_sleep)


def a_delivery(run: str) -> Delivery:
    body = {"type": "batch.completed", "data": {"name": "Größe"}}
    return Delivery(id=f"b1-{run}", url="https://a.example/h", body=body, created_at=START)


def test_deliveries_are_in_the_order_of_the_rounds(deliveries: DeliveryStore) -> None:
    runs = ["10-1", "2-1", "1-12", "1-2"]
    for run in runs:
        deliveries.save(BATCH, a_delivery(run))
    found = deliveries.list_deliveries("ann", "b1")
    assert list(found) == [a_delivery(run) for run in ("1-2", "1-12", "2-1", "10-1")]


def test_a_delivery_is_saved_over_itself(deliveries: DeliveryStore) -> None:
    deliveries.save(BATCH, a_delivery("1-1"))
    later = replace(
        a_delivery("1-1"), status=DeliveryStatus.GONE, attempts=3, last_attempt_at=START
    )
    deliveries.save(BATCH, later)
    assert list(deliveries.list_deliveries("ann", "b1")) == [later]


def test_deliveries_are_their_owners_alone(deliveries: DeliveryStore) -> None:
    deliveries.save(BATCH, a_delivery("1-1"))
    assert list(deliveries.list_deliveries("bob", "b1")) == []


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://u:p@shop.example:8443/hook?key=7#x", "https://shop.example:8443/hook"),
        ("https://[2001:db8::1]/hook", "https://[2001:db8::1]/hook"),
        ("https://shop.example", "https://shop.example"),
    ],
)
def test_an_address_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert replace(a_delivery("1-1"), url=url).shown_url == shown


@pytest.mark.slow
@pytest.mark.parametrize("last", [None, START])
def test_one_of_many_attempts_at_once_begins(
    deliveries: DeliveryStore, last: datetime | None
) -> None:
    known = replace(a_delivery("1-1"), last_attempt_at=last)
    deliveries.save(BATCH, known)

    def begin(number: int) -> bool:
        try:
            deliveries.start_attempt(BATCH, known, START + timedelta(seconds=1 + number))
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(50) as pool:
        assert sum(pool.map(begin, range(50))) == 1
