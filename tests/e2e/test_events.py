"""The table's stream, told to a bus and taken by a rule's queue, as another program would."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from testing.aws_calls import Recorder, key_of_function
from testing.batches import finished, run, sheet, started
from testing.fake_providers import FakeProviders
from testing.grants import granted
from testing.receiver import Receiver
from testing.scenario import until
from tests.conftest import Aws, Stack
from tests.template.rendering import Rendered

POLLED = {
    f"dynamodb:{action}"
    for action in ("GetRecords", "GetShardIterator", "DescribeStream", "ListStreams")
}
"""What Lambda's poller does with the function's role, the emulator's with none."""

type Events = Callable[[str, int], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def taken(live_stack: Stack, aws: Aws) -> Iterator[Events]:
    """The events of a batch, as soon as there are so many; a rule of its own brings them here."""
    sqs, bus, seen = aws("sqs", live_stack), aws("events", live_stack), []
    url = sqs.create_queue(QueueName="events-of-the-tests")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    bus.put_rule(Name="ours", EventPattern=json.dumps({"source": ["imagebatch"]}))
    bus.put_targets(Rule="ours", Targets=[{"Id": "queue", "Arn": arn["QueueArn"]}])

    def of_batch(batch: str, count: int) -> list[dict[str, Any]]:
        def look() -> list[dict[str, Any]]:
            found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            for message in found.get("Messages", []):
                seen.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            mine = {e["detail"]["id"]: e for e in seen if batch in e["detail"]["id"]}
            return list(mine.values()) if len(mine) >= count else []

        found: list[dict[str, Any]] = until(f"{count} events of {batch}", look)
        return found

    yield of_batch
    bus.remove_targets(Rule="ours", Ids=["queue"])
    bus.delete_rule(Name="ours")


def of_kind(events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    assert {event["source"] for event in events} == {"imagebatch"}
    return [event["detail"] for event in events if event["detail-type"] == kind]


def settled(events: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    details = of_kind(events, "ItemSettled")
    return sorted((d["custom_id"], d["row"], d["status"], d["code"]) for d in details)


def test_items_and_the_end_of_a_batch_are_told(
    live: httpx.Client, fake: FakeProviders, receiver: Receiver, taken: Events
) -> None:
    fake.script("failed", prompt="Told B", text="flagged as sensitive (E005)")
    callback = f"{receiver.url}/told"
    batch = run(live, sheet("Told A", "Told B"), name="Told", callbackUrl=callback)

    events = taken(batch["jobId"], 3)

    assert settled(events) == [
        ("row-0002", 2, "succeeded", None),
        ("row-0003", 3, "failed", "content_refused"),
    ]
    [ended] = of_kind(events, "BatchCompleted")
    [hook] = until("told", lambda: [e for e in receiver.received if e.path == "/told"])
    assert ended == json.loads(hook.body) | {"id": ended["id"]}
    text = json.dumps(of_kind(events, "ItemSettled"))
    assert not [word for word in ("Told", "Volvo", "http", ".png", "Signature") if word in text]


def test_a_batch_without_an_image_is_told_as_failed(
    live: httpx.Client, fake: FakeProviders, taken: Events
) -> None:
    fake.script("failed", prompt="Hopeless", text="flagged as sensitive (E005)")
    batch = run(live, sheet("Hopeless"))

    events = taken(batch["jobId"], 2)

    assert settled(events) == [("row-0002", 2, "failed", "content_refused")]
    [ended] = of_kind(events, "BatchFailed")
    assert (ended["type"], ended["data"]["outcome"]) == ("batch.failed", "none_succeeded")


def test_items_that_a_cancel_settles_are_told(
    live: httpx.Client, fake: FakeProviders, taken: Events
) -> None:
    fake.script("slow", prompt="Unwanted", seconds=60)
    rows = [f"Unwanted {row}" for row in range(5)]
    batch = started(live, sheet(*rows))
    until("being made", lambda: fake.creates("Unwanted"))
    assert live.post(f"/api/v1/batch/{batch}/cancel").status_code == 202
    finished(live, batch)

    events = taken(batch, 6)

    assert {(status, code) for _, _, status, code in settled(events)} == {("cancelled", None)}
    assert len(settled(events)) == 5
    [ended] = of_kind(events, "BatchCancelled")
    assert ended["data"]["cancelled"] == 5


def test_the_events_function_may_do_what_it_does(
    live_stack: Stack, aws: Aws, calls: Recorder, taken: Events
) -> None:
    about = aws("lambda", live_stack).get_function_configuration(
        FunctionName=live_stack["functions"]["EventsFunction"]
    )
    key = key_of_function(about["FunctionArn"], about["Role"])
    mine = [call for call in calls.made if call.signer == key]

    allowed = {action for action, _ in granted(Rendered(EventBusName="default"), "EventsFunction")}
    assert {call.action for call in mine} == allowed - POLLED
    assert not [call for call in mine if call.status == 403]
