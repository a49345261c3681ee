"""Webhooks over HTTP: the list, and a replay to a local receiver."""

from copy import replace

import pytest

from imagebatch.domain.delivery import Delivery
from testing.fakes.system import START
from testing.fakes.webhooks import InMemoryWebhooks
from testing.records import a_batch
from testing.services import Deployment
from tests.functions.conftest import Api

BATCH = a_batch("a" * 32, "local")
PATH = f"/api/batches/{BATCH.id}/webhooks"
DELIVERY = Delivery(
    id=f"{BATCH.id}-1-1",
    url="https://user:secret@shop.example.com/hook?key=7",
    body={"type": "batch.completed"},
    created_at=START,
)


@pytest.fixture
def told(services: Deployment) -> InMemoryWebhooks:
    services.store.create(BATCH)
    services.deliveries.save(BATCH, DELIVERY)
    webhooks = InMemoryWebhooks()
    services.__dict__["send_webhook"] = replace(services.send_webhook, webhooks=webhooks)
    return webhooks


def test_the_list_hides_what_may_be_secret(api: Api, told: InMemoryWebhooks) -> None:
    assert api.get(PATH).json() == {
        "items": [
            {
                "n": 1,
                "id": f"{BATCH.id}-1-1",
                "type": "batch.completed",
                "url": "https://shop.example.com/hook",
                "status": "pending",
                "attempts": 0,
                "reason": None,
                "createdAt": "2026-01-05T09:00:00.000Z",
                "lastAttemptAt": None,
            }
        ]
    }


def test_a_replay_answers_with_its_end(api: Api, told: InMemoryWebhooks) -> None:
    answer = api.post(f"{PATH}/1/replay")
    assert (answer.status, answer.json()["status"], answer.json()["attempts"]) == (
        200,
        "delivered",
        1,
    )
    assert (told.posted[0].url, told.posted[0].message_id) == (DELIVERY.url, DELIVERY.id)

    again = api.post(f"{PATH}/1/replay")
    assert (again.status, again.headers["retry-after"]) == (429, "10")
    assert len(told.posted) == 1


@pytest.mark.parametrize("n", ["0", "2", "x", "1.0"])
def test_a_webhook_that_is_not_there_is_404(api: Api, told: InMemoryWebhooks, n: str) -> None:
    assert api.post(f"{PATH}/{n}/replay").status == 404


def test_another_owners_webhooks_are_not_there(api: Api, told: InMemoryWebhooks) -> None:
    bob = api.as_owner("bob")
    assert bob.get(PATH).status == 404
    assert bob.post(f"{PATH}/1/replay").status == 404
    assert told.posted == []
