"""The intake queue: a file that cannot be taken now is tried again for more than a day."""

import json
from datetime import timedelta
from typing import Any, cast

import pytest
from botocore.exceptions import EndpointConnectionError

from imagebatch.adapters.arrivals import MAX_PAUSE_SECONDS, ArrivalProcessor, pause
from imagebatch.domain.errors import ImagebatchError, UnavailableError
from imagebatch.ports.arrivals import ArrivedObject, SendAnew
from imagebatch.ports.item_queue import RetryLater
from testing.fakes import FakeClock
from testing.fakes.telemetry import SilentTelemetry
from tests.template.rendering import Rendered

FOUND = {"key": "inbox/cars.csv", "etag": "e", "size": 7}


class Queue:
    """Remembers when messages come back."""

    def __init__(self) -> None:
        self.hidden: list[int] = []
        self.sent: list[dict[str, Any]] = []
        self.down = False

    def change_message_visibility(self, **request: Any) -> None:
        assert (request["QueueUrl"], request["ReceiptHandle"]) == ("intake", "r1")
        self.hidden.append(request["VisibilityTimeout"])

    def send_message(self, **request: Any) -> None:
        if self.down:
            raise EndpointConnectionError(endpoint_url="https://sqs")
        self.sent.append(request)


class Intake:
    def __init__(self) -> None:
        self.clock, self.queue, self.telemetry = FakeClock(), Queue(), SilentTelemetry()
        self.seen: list[ArrivedObject] = []

    def __call__(
        self,
        outcome: RetryLater | SendAnew | Exception | None = None,
        *,
        tries: int = 1,
        waits: int = 0,
        body: str = json.dumps({"detail": {"object": FOUND}}),
    ) -> bool:
        """Whether the message is done."""
        sent = self.clock.now() - timedelta(seconds=2.5)
        record = {
            "messageId": "m1",
            "receiptHandle": "r1",
            "body": body,
            "attributes": {
                "ApproximateReceiveCount": str(tries),
                "SentTimestamp": str(round(sent.timestamp() * 1000)),
            },
        }

        if waits:
            record["messageAttributes"] = {
                "waits": {"dataType": "Number", "stringValue": str(waits)}
            }

        def process(arrival: ArrivedObject) -> RetryLater | SendAnew | None:
            self.seen.append(arrival)
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        client = cast("Any", self.queue)
        arrivals = ArrivalProcessor(client, "intake", self.clock, self.telemetry)
        kept = arrivals([record], process)["batchItemFailures"]
        assert kept in ([], [{"itemIdentifier": "m1"}])
        return not kept


@pytest.fixture
def intake() -> Intake:
    return Intake()


def test_what_arrived_is_told_with_its_age(intake: Intake) -> None:
    assert intake()
    assert intake.seen == [ArrivedObject("inbox/cars.csv", "e", 7, age=2.5)]
    assert intake.queue.hidden == []


def test_a_failed_try_is_counted_and_comes_back(intake: Intake) -> None:
    assert not intake(UnavailableError("the table is not available"), tries=3)
    assert intake.queue.hidden == [20]
    assert intake.telemetry.notes == ["UnavailableError: the table is not available"]


@pytest.mark.parametrize(("waits", "pause"), [(0, 5), (1, 10), (3, 40), (4, 60), (9_999, 60)])
def test_a_sheet_that_waits_for_room_is_sent_anew(intake: Intake, waits: int, pause: int) -> None:
    assert intake(SendAnew(), waits=waits, tries=999)
    [sent] = intake.queue.sent
    assert json.loads(sent["MessageBody"]) == {"detail": {"object": FOUND}}
    assert sent["QueueUrl"] == "intake"
    assert sent["DelaySeconds"] == pause
    assert sent["MessageAttributes"]["waits"]["StringValue"] == str(waits + 1)
    assert (intake.queue.hidden, intake.telemetry.notes) == ([], [])


def test_a_sheet_that_cannot_be_sent_anew_comes_back(intake: Intake) -> None:
    intake.queue.down = True
    assert not intake(SendAnew())
    assert intake.queue.hidden == [5]


def test_an_empty_sheet_that_waits_is_no_failure(intake: Intake) -> None:
    later = RetryLater(intake.clock.now() + timedelta(minutes=15))
    assert not intake(later)
    assert (intake.queue.hidden, intake.telemetry.notes) == ([900], [])


def test_a_bug_is_raised(intake: Intake) -> None:
    with pytest.raises(KeyError):
        intake(KeyError("bug"))


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"detail": []}', '{"detail": {"object": {}}}'])
def test_a_message_nobody_can_read_is_let_go(intake: Intake, body: str) -> None:
    assert intake(body=body)
    assert intake.seen == []


@pytest.mark.slow
def test_an_outage_of_half_an_hour_costs_no_sheet(intake: Intake) -> None:
    """Tried again as often as the queue delivers it: the pauses add up to more than a day."""
    most = Rendered()["IntakeQueue"]["RedrivePolicy"]["maxReceiveCount"]
    down = intake.clock.now() + timedelta(minutes=30)
    tries = 0
    done = False
    while not done:
        tries += 1
        out: ImagebatchError | None = UnavailableError("down")
        done = intake(out if intake.clock.now() < down else None, tries=tries)
        if not done:
            intake.clock.sleep(intake.queue.hidden[-1])
    assert tries < most / 10
    assert sum(pause(n) for n in range(1, most + 1)) > 24 * 3600
    assert max(intake.queue.hidden) == MAX_PAUSE_SECONDS < 300
