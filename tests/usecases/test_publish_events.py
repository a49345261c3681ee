"""Events of batches on the real table's records, over a bus in memory."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from imagebatch.adapters.dynamodb import DynamoDBBatchStore
from imagebatch.adapters.dynamodb.change_feed import DynamoDBChangeFeed
from imagebatch.domain.errors import Failure, FailureCode, UnavailableError
from imagebatch.ports.event_bus import BusEvent, EventBus
from imagebatch.ports.providers import Prediction, PredictionStatus
from imagebatch.schemas.webhook import webhook_body
from imagebatch.usecases.publish_events import PublishEvents
from testing.app_harness import OWNER, AppHarness
from testing.aws import TABLE, aws_in_memory, create_table, no_sleep
from testing.fakes.accounts import InMemoryAccountStore
from testing.fakes.system import FakeClock

REFUSED = Prediction(
    "", PredictionStatus.FAILED, failure=Failure.of(FailureCode.CONTENT_REFUSED, "because")
)


class MemoryBus(EventBus):
    def __init__(self) -> None:
        self.sent: list[BusEvent] = []
        self.down = False

    def put(self, events: Sequence[BusEvent]) -> None:
        if self.down:
            raise UnavailableError("down")
        self.sent += events


class Stack:
    def __init__(self, client: Any) -> None:
        self.client = client
        store = DynamoDBBatchStore(client, TABLE, sleep=no_sleep)
        self.app = AppHarness(store=store, accounts=InMemoryAccountStore())
        self.bus = MemoryBus()
        self.publish = PublishEvents(DynamoDBChangeFeed(client, TABLE), self.bus, webhook_body)

    def stream(self) -> list[dict[str, Any]]:
        """Every change so far, as the table's stream brings it."""
        found = self.client.scan(TableName=TABLE)["Items"]
        changes = [each for each in found if each["sk"]["S"].startswith("CHANGE#")]
        changes.sort(key=lambda each: each["sk"]["S"])
        return [{"eventName": "INSERT", "dynamodb": {"NewImage": each}} for each in changes]

    def told(self) -> list[tuple[str, Any]]:
        self.bus.sent.clear()
        self.publish(self.stream())
        return [
            (e.kind, e.detail.get("custom_id") or e.detail["data"]["status"]) for e in self.bus.sent
        ]


@pytest.fixture
def stack() -> Iterator[Stack]:
    with aws_in_memory() as clients:
        create_table()
        yield Stack(clients.dynamodb)


@pytest.mark.slow
def test_events_cover_every_item_and_the_end(stack: Stack) -> None:
    stack.app.provider.script("1", REFUSED)
    stack.app.run(2, name="Spring", metadata={"season": "spring"})

    assert stack.told() == [
        ("ItemSettled", "c0"),
        ("ItemSettled", "c1"),
        ("BatchCompleted", "completed"),
    ]
    items, [ended] = stack.bus.sent[:2], stack.bus.sent[2:]
    assert items[1].detail | {"id": ""} == {
        "id": "", "batch_id": "b1", "round": 1, "index": 1, "custom_id": "c1", "row": 3,
        "status": "failed", "code": "content_refused", "reason": "because", "retryable": False,
    }  # fmt: skip
    assert ended.detail.items() >= webhook_body(stack.app.batch).items()


@pytest.mark.slow
def test_an_end_is_told_with_the_webhooks_time(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the round's end and its change's own time passes a moment."""
    real, looks = FakeClock.now, count()

    def later(clock: FakeClock) -> datetime:
        return real(clock) + timedelta(milliseconds=next(looks))

    monkeypatch.setattr(FakeClock, "now", later)
    stack.app.run(1)
    monkeypatch.undo()
    stack.told()
    assert stack.bus.sent[-1].detail["timestamp"] == webhook_body(stack.app.batch)["timestamp"]


@pytest.mark.slow
def test_the_same_changes_are_told_under_the_same_ids(stack: Stack) -> None:
    stack.app.run(3)
    stack.told()
    first = list(stack.bus.sent)
    stack.told()
    assert stack.bus.sent == first
    assert len({event.detail["id"] for event in first}) == len(first) == 4


@pytest.mark.slow
def test_a_cancel_tells_of_items_nobody_touched(stack: Stack) -> None:
    stack.app.start(4)
    stack.app.deliver()
    stack.app.cancel_batch(OWNER, "b1")
    stack.app.finish()
    assert stack.told() == [
        ("ItemSettled", "c0"),
        ("ItemSettled", "c1"),
        ("ItemSettled", "c2"),
        ("ItemSettled", "c3"),
        ("BatchCancelled", "cancelled"),
    ]


@pytest.mark.slow
def test_round_end_event_is_sent_once(stack: Stack) -> None:
    stack.app.provider.script("1", REFUSED)
    stack.app.run(2)
    stack.app.finalize.expire(stack.app.finalizer_run)
    stack.app.retry_batch(OWNER, "b1")
    stack.told()
    [ended] = [event for event in stack.bus.sent if event.kind == "BatchCompleted"]
    assert (ended.detail["data"]["round"], ended.detail["data"]["failed"]) == (1, 1)


@pytest.mark.slow
def test_a_batch_without_a_picture_has_failed(stack: Stack) -> None:
    stack.app.provider.script("0", REFUSED)
    stack.app.run(1)
    assert stack.told()[-1] == ("BatchFailed", "failed")


@pytest.mark.slow
def test_a_bus_that_is_down_has_the_records_again(stack: Stack) -> None:
    stack.app.run(1)
    stack.bus.down = True
    with pytest.raises(UnavailableError):
        stack.publish(stack.stream())
    assert stack.app.batch.finished


@pytest.mark.slow
def test_a_deleted_batch_is_not_told(stack: Stack) -> None:
    stack.app.run(1)
    records = stack.stream()
    for record in stack.client.scan(TableName=TABLE)["Items"]:
        stack.client.delete_item(TableName=TABLE, Key={k: record[k] for k in ("pk", "sk")})
    assert stack.publish(records) == 0
