import json
from collections.abc import Callable
from typing import Any

import pytest

from imagebatch.adapters.aws import Clients
from imagebatch.adapters.sqs import SQSDispatchQueue, SQSItemQueue, group_of
from imagebatch.domain.errors import UnavailableError
from imagebatch.ports.dispatch_queue import DispatchQueue
from imagebatch.ports.item_queue import ItemMessage, ItemQueue
from imagebatch.schemas.messages import (
    DELAYED,
    DispatchMessage,
    MalformedMessageError,
    decode_dispatch,
    decode_item,
    encode_dispatch,
    encode_item,
)
from testing.aws import no_sleep
from testing.awsfaults import event, leave_out, refuse
from testing.fake_providers import wait_for
from testing.fakes import InMemoryDispatchQueue, InMemoryItemQueue


def some_messages(count: int, owner: str = "auth0|1") -> list[ItemMessage]:
    return [ItemMessage(owner, "b1", 2, n, n + 100) for n in range(count)]


@pytest.fixture
def url(clients: Clients) -> str:
    return clients.sqs.create_queue(QueueName="items")["QueueUrl"]


def received(client: Any, url: str) -> list[Any]:
    """Every message of the queue that is visible now, deleted as it is read."""
    found: list[Any] = []
    while True:
        answer = client.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
        )
        if not answer.get("Messages"):
            return found
        for message in answer["Messages"]:
            found.append(message)
            client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


type Items = tuple[ItemQueue, Callable[[], list[ItemMessage]]]


@pytest.fixture(params=["memory", "sqs"])
def items(request: pytest.FixtureRequest) -> Items:
    """A queue, and how to read what is in it."""
    if request.param == "memory":
        fake = InMemoryItemQueue()
        return fake, lambda: [sent.message for sent in fake.sent]
    client = request.getfixturevalue("clients").sqs
    url = request.getfixturevalue("url")
    queue = SQSItemQueue(client, url, sleep=no_sleep)
    return queue, lambda: [decode_item(message["Body"]) for message in received(client, url)]


@pytest.mark.parametrize("count", [0, 1, 10, 11, 37])
def test_every_message_is_sent_once(items: Items, count: int) -> None:
    queue, read = items
    queue.send(some_messages(count))
    assert sorted(read(), key=lambda m: m.position) == some_messages(count)


def test_a_delayed_message_is_taken(items: Items) -> None:
    queue, _ = items
    queue.send(some_messages(1), delay=0.2)


type Dispatches = tuple[DispatchQueue, Callable[[], list[DispatchMessage]]]


@pytest.fixture(params=["memory", "sqs"])
def dispatches(request: pytest.FixtureRequest) -> Dispatches:
    if request.param == "memory":
        fake = InMemoryDispatchQueue()
        return fake, lambda: fake.sent
    client = request.getfixturevalue("clients").sqs
    url = request.getfixturevalue("url")
    queue = SQSDispatchQueue(client, url)
    return queue, lambda: [decode_dispatch(message["Body"]) for message in received(client, url)]


def test_a_round_is_dispatched_by_one_message(dispatches: Dispatches) -> None:
    queue, read = dispatches
    queue.send("auth0|1", "b1", 2)
    assert read() == [DispatchMessage("auth0|1", "b1", 2)]


# --- SQS alone ------------------------------------------------------------------------------------


@pytest.fixture
def sqs(clients: Clients, url: str) -> tuple[Any, SQSItemQueue]:
    return clients.sqs, SQSItemQueue(clients.sqs, url, sleep=no_sleep)


def test_what_sqs_did_not_take_is_sent_again(sqs: tuple[Any, SQSItemQueue], url: str) -> None:
    client, queue = sqs
    fired = leave_out(client, "SendMessageBatch", lambda entry: entry["Id"] in {"1", "3"}, times=2)
    queue.send(some_messages(5))
    assert fired.count == 2
    got = sorted(decode_item(m["Body"]).position for m in received(client, url))
    assert got == [0, 1, 2, 3, 4]


def test_what_sqs_never_takes_is_an_error(sqs: tuple[Any, SQSItemQueue], url: str) -> None:
    client, queue = sqs
    leave_out(client, "SendMessageBatch", lambda entry: entry["Id"] == "0", times=100)
    with pytest.raises(UnavailableError, match="did not take 1 messages"):
        queue.send(some_messages(3))
    assert sorted(decode_item(m["Body"]).position for m in received(client, url)) == [1, 2]


def test_a_queue_that_does_not_answer_is_unavailable(clients: Clients, url: str) -> None:
    refuse(clients.sqs, "SendMessageBatch", "ServiceUnavailable", status=503)
    with pytest.raises(UnavailableError):
        SQSItemQueue(clients.sqs, url).send(some_messages(1))
    refuse(clients.sqs, "SendMessage", "RequestThrottled", status=429)
    with pytest.raises(UnavailableError):
        SQSDispatchQueue(clients.sqs, url).send("ann", "b1", 1)


@pytest.mark.parametrize(
    ("delay", "seconds"), [(-3, 0), (0, 0), (0.01, 1), (30, 30), (30.2, 31), (90_000, 900)]
)
def test_delay_is_in_whole_seconds_within_sqs_maximum(
    sqs: tuple[Any, SQSItemQueue], delay: float, seconds: int
) -> None:
    client, queue = sqs
    asked: list[int] = []

    def keep(params: Any, **_: Any) -> None:
        asked.extend(entry["DelaySeconds"] for entry in params["Entries"])

    client.meta.events.register(event(client, "before-parameter-build", "SendMessageBatch"), keep)
    queue.send(some_messages(2), delay=delay)
    assert asked == [seconds, seconds]


@pytest.mark.slow
def test_a_message_that_is_to_wait_says_so(sqs: tuple[Any, SQSItemQueue], url: str) -> None:
    client, queue = sqs
    queue.send(some_messages(1))
    queue.send(some_messages(1), delay=0.5)
    found: list[Any] = []
    for _ in wait_for():
        answer = client.receive_message(QueueUrl=url, MessageAttributeNames=["All"])
        found += answer.get("Messages", [])
        if len(found) == 2:
            break
    assert [set(each.get("MessageAttributes", {})) for each in found] == [set(), {DELAYED}]


@pytest.mark.parametrize("owner", ["ann", "auth0|123", "Zoë Ünal", "x" * 900])
def test_messages_of_an_owner_share_a_group(
    sqs: tuple[Any, SQSItemQueue], url: str, owner: str
) -> None:
    client, queue = sqs
    queue.send(some_messages(2, owner))
    SQSDispatchQueue(client, url).send(owner, "b1", 1)
    groups = {m["Attributes"]["MessageGroupId"] for m in received(client, url)}
    assert groups == {group_of(owner)}
    assert group_of(owner) != group_of("somebody else")
    assert group_of(owner).isalnum()
    assert len(group_of(owner)) <= 128


# --- the messages themselves ----------------------------------------------------------------------


def test_messages_are_read_as_they_were_written() -> None:
    message = ItemMessage("Zoë|1", "b1", 2, 3, 4)
    assert decode_item(encode_item(message)) == message
    assert json.loads(encode_item(message)) == {
        "owner": "Zoë|1",
        "batchId": "b1",
        "round": 2,
        "position": 3,
        "index": 4,
    }
    dispatch = DispatchMessage("Zoë|1", "b1", 2)
    assert decode_dispatch(encode_dispatch(dispatch)) == dispatch
    assert json.loads(encode_dispatch(dispatch)) == {"owner": "Zoë|1", "batchId": "b1", "round": 2}


def test_a_newer_writers_fields_are_ignored() -> None:
    newer = json.loads(encode_item(ItemMessage("ann", "b1", 1, 0, 0))) | {"priority": 5}
    assert decode_item(json.dumps(newer)) == ItemMessage("ann", "b1", 1, 0, 0)


GOOD = {"owner": "ann", "batchId": "b1", "round": 1, "position": 0, "index": 0}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not JSON",
        "[]",
        "null",
        '"text"',
        "[" * 100_000,
        "{}",
        *(json.dumps({k: v for k, v in GOOD.items() if k != name}) for name in GOOD),
        json.dumps(GOOD | {"owner": ""}),
        json.dumps(GOOD | {"batchId": 7}),
        json.dumps(GOOD | {"round": "1"}),
        json.dumps(GOOD | {"round": True}),
        json.dumps(GOOD | {"index": -1}),
        json.dumps(GOOD | {"position": 1.5}),
    ],
)
def test_a_poisoned_message_is_told_apart(body: str) -> None:
    with pytest.raises(MalformedMessageError):
        decode_item(body)


def test_a_poisoned_dispatch_is_told_apart() -> None:
    with pytest.raises(MalformedMessageError):
        decode_dispatch('{"owner": "ann", "batchId": "b1"}')
