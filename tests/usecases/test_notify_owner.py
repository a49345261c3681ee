from typing import Any

import pytest

from imagebatch.domain.errors import (
    FailureCode,
    NotFoundError,
    TooManyRequestsError,
    UnavailableError,
    WebhookDeliveryError,
)
from imagebatch.ports.webhooks import Receipt
from testing.app_harness import OWNER, AppHarness
from tests.usecases.test_process_item import failed

HOOK = "https://shop.example/hook?key=7"


def notice(app: AppHarness) -> dict[str, Any]:
    """What publishing the round that has just been run hands on."""
    built = app.finalize.build(app.finalizer_run)
    published = app.finalize.publish(app.finalizer_run, built["archive"])
    found: dict[str, Any] = published["notice"]
    return found


def deliver(app: AppHarness, told: dict[str, Any]) -> None:
    app.notify_owner.deliver(OWNER, "b1", told)


def test_round_end_is_reported_once_with_its_result(app: AppHarness) -> None:
    app.provider.script("1", failed(FailureCode.CONTENT_REFUSED))
    batch = app.run(3, callback_url=HOOK, name="Spring hub", metadata={"order": "Größe 7"})
    (posted,) = app.webhooks.posted
    assert posted.url == HOOK
    assert posted.body == {
        "type": "batch.completed",
        "timestamp": batch.finished_at.isoformat(timespec="milliseconds")[:23] + "Z",  # type: ignore[union-attr]
        "data": {
            "batch_id": "b1",
            "kind": "cars",
            "name": "Spring hub",
            "status": "completed",
            "outcome": "partial",
            "round": 1,
            "total": 3,
            "succeeded": 2,
            "failed": 1,
            "cancelled": 0,
            "metadata": {"order": "Größe 7"},
        },
    }
    assert app.telemetry.receipts == [("b1-1-1", Receipt.DELIVERED)]


def test_the_clients_words_stay_out_of_the_executions_history(app: AppHarness) -> None:
    app.start(2, callback_url=HOOK, name="Secret launch", metadata={"customer": "Ada"})
    app.drain()

    told = str(notice(app))

    assert "b1" in told
    for word in ("Secret launch", "customer", "Ada", HOOK):
        assert word not in told


def test_without_a_callback_address_nobody_is_told(app: AppHarness) -> None:
    app.run(1)
    assert app.webhooks.posted == []
    assert app.telemetry.receipts == []


def test_cancelled_and_failed_batches_are_reported_as_such(app: AppHarness) -> None:
    app.start(2, callback_url=HOOK)
    app.cancel_batch(OWNER, "b1")
    app.finish()
    assert app.webhooks.posted[-1].body["type"] == "batch.cancelled"
    again = AppHarness()
    again.provider.script("0", failed(FailureCode.CONTENT_REFUSED))
    again.run(1, callback_url=HOOK)
    assert again.webhooks.posted[-1].body["type"] == "batch.failed"
    assert again.webhooks.posted[-1].body["data"]["outcome"] == "none_succeeded"


def test_failing_receiver_gets_the_same_message_again(
    app: AppHarness,
) -> None:
    app.start(1, callback_url=HOOK)
    app.drain()
    told = notice(app)
    app.webhooks.answers = [WebhookDeliveryError("the receiver returned 500")]
    with pytest.raises(WebhookDeliveryError):
        deliver(app, told)
    assert (app.telemetry.notes[-1:], app.telemetry.receipts) == (["webhook not delivered"], [])
    app.clock.advance(5)
    deliver(app, told)
    first, second = app.webhooks.posted
    assert first == second
    assert app.telemetry.receipts == [("b1-1-1", Receipt.DELIVERED)]


def test_each_round_is_reported_under_its_own_id(app: AppHarness) -> None:
    app.provider.script("0", failed(FailureCode.PROVIDER_REJECTED))
    app.run(2, callback_url=HOOK)
    app.retry_batch(OWNER, "b1")
    app.dispatch_items(OWNER, "b1", 2)
    app.drain()
    app.finish()
    assert [each.message_id for each in app.webhooks.posted] == ["b1-1-1", "b1-2-1"]
    assert [each.body["data"]["succeeded"] for each in app.webhooks.posted] == [1, 2]


def test_late_webhook_reports_its_own_round(
    app: AppHarness,
) -> None:
    app.provider.script("0", failed(FailureCode.PROVIDER_REJECTED))
    app.start(2, callback_url=HOOK)
    app.drain()
    told = notice(app)
    app.retry_batch(OWNER, "b1")
    deliver(app, told)
    data = app.webhooks.posted[0].body["data"]
    assert (data["round"], data["status"], data["failed"]) == (1, "completed", 1)


def test_publishing_twice_hands_on_the_same_message(app: AppHarness) -> None:
    app.start(1, callback_url=HOOK)
    app.drain()
    built = app.finalize.build(app.finalizer_run)["archive"]
    first = app.finalize.publish(app.finalizer_run, built)["notice"]
    app.clock.advance(60)
    assert app.finalize.publish(app.finalizer_run, built)["notice"] == first


def test_failed_build_is_reported_and_retry_reports_again(
    app: AppHarness,
) -> None:
    app.start(1, callback_url=HOOK)
    app.drain()
    app.builder.faults.append(UnavailableError("S3 is down"))
    with pytest.raises(UnavailableError):
        app.finalize.build(app.finalizer_run)
    deliver(app, app.finalize.give_up(app.finalizer_run)["notice"])
    app.retry_batch(OWNER, "b1")
    app.finish()
    assert [(each.message_id, each.body["type"]) for each in app.webhooks.posted] == [
        ("b1-1-1", "batch.failed"),
        ("b1-1-2", "batch.completed"),
    ]


def test_outdated_attempt_reports_nothing(app: AppHarness) -> None:
    app.run(1, callback_url=HOOK)
    over = app.finalizer_run
    app.clock.advance(6 * 3600 + 1)
    app.retry_batch(OWNER, "b1")
    assert app.finalize.give_up(over) == {"notice": None}


def test_gone_receiver_is_not_called_again(app: AppHarness) -> None:
    app.provider.script("0", failed(FailureCode.PROVIDER_REJECTED))
    app.webhooks.answers = [Receipt.GONE]
    app.run(1, callback_url=HOOK)
    assert app.telemetry.receipts == [("b1-1-1", Receipt.GONE)]
    app.retry_batch(OWNER, "b1")
    app.dispatch_items(OWNER, "b1", 2)
    app.drain()
    app.finish()
    assert len(app.webhooks.posted) == 1


def test_forbidden_url_fails_without_retry(app: AppHarness) -> None:
    app.webhooks.answers = [Receipt.REFUSED]
    app.run(1, callback_url=HOOK)
    assert app.telemetry.receipts == [("b1-1-1", Receipt.REFUSED)]


def test_giving_up_a_receiver_is_said_where_operators_look(app: AppHarness) -> None:
    app.start(1, callback_url=HOOK)
    app.drain()
    app.notify_owner.give_up(OWNER, "b1", notice(app))
    assert app.telemetry.receipts == [("b1-1-1", None)]


def test_missing_batch_is_not_reported(app: AppHarness) -> None:
    app.notify_owner.deliver(OWNER, "unknown", {"id": "unknown-1-1", "body": {}})
    assert app.webhooks.posted == []


def listed(app: AppHarness) -> list[tuple[str, str, int]]:
    found = app.deliveries.list_deliveries(OWNER, "b1")
    return [(each.id, each.status, each.attempts) for each in found]


def test_deliveries_are_listed_with_their_tries(app: AppHarness) -> None:
    app.webhooks.answers = [WebhookDeliveryError("the receiver returned 500")]
    app.start(1, callback_url=HOOK)
    app.drain()
    told = notice(app)
    with pytest.raises(WebhookDeliveryError):
        deliver(app, told)
    [first] = app.deliveries.list_deliveries(OWNER, "b1")
    assert (first.status, first.reason) == ("pending", "the receiver returned 500")
    deliver(app, told)
    assert listed(app) == [("b1-1-1", "delivered", 2)]


@pytest.mark.parametrize("receipt", [Receipt.GONE, Receipt.REFUSED])
def test_a_receipt_is_kept(app: AppHarness, receipt: Receipt) -> None:
    app.webhooks.answers = [receipt]
    app.run(1, callback_url=HOOK)
    assert listed(app) == [("b1-1-1", receipt.value, 1)]


def test_a_webhook_that_was_given_up_has_failed(app: AppHarness) -> None:
    app.webhooks.answers = [WebhookDeliveryError("no")]
    app.start(1, callback_url=HOOK)
    app.drain()
    told = notice(app)
    with pytest.raises(WebhookDeliveryError):
        deliver(app, told)
    app.notify_owner.give_up(OWNER, "b1", told)
    assert listed(app) == [("b1-1-1", "failed", 1)]


def test_a_replay_is_the_same_message(app: AppHarness) -> None:
    app.run(1, callback_url=HOOK)
    app.clock.advance(60)
    assert app.replay_webhook(OWNER, "b1", 1).status == "delivered"
    first, second = app.webhooks.posted
    assert first == second
    assert listed(app) == [("b1-1-1", "delivered", 2)]


def test_a_replay_that_fails_says_so(app: AppHarness) -> None:
    app.webhooks.answers = [Receipt.REFUSED, WebhookDeliveryError("the receiver returned 500")]
    app.run(1, callback_url=HOOK)
    app.clock.advance(60)
    found = app.replay_webhook(OWNER, "b1", 1)
    assert (found.status, found.reason) == ("failed", "the receiver returned 500")
    assert listed(app) == [("b1-1-1", "failed", 2)]


def test_replays_keep_their_distance(app: AppHarness) -> None:
    app.run(1, callback_url=HOOK)
    app.clock.advance(4)
    with pytest.raises(TooManyRequestsError) as caught:
        app.replay_webhook(OWNER, "b1", 1)
    assert caught.value.retry_after == 6
    assert len(app.webhooks.posted) == 1


@pytest.mark.parametrize("number", [0, 2])
def test_a_webhook_that_is_not_there_is_not_found(app: AppHarness, number: int) -> None:
    app.run(1, callback_url=HOOK)
    with pytest.raises(NotFoundError):
        app.replay_webhook(OWNER, "b1", number)
