"""What a delivery is told of the queue it came through."""

from typing import Any, cast

import pytest

from imagebatch.adapters.sqs_records import SQSRecordProcessor
from imagebatch.ports.item_queue import ItemMessage
from imagebatch.schemas.messages import DELAYED, encode_item
from testing.fakes import FakeClock
from testing.fakes.telemetry import SilentTelemetry

MESSAGE = ItemMessage("ann", "b1", 1, 4, 4)


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def delivered(
    *, is_dlq_consumer: bool = False, own: dict[str, Any] | None = None, **attributes: str
) -> ItemMessage:
    clock, seen = FakeClock(), list[ItemMessage]()
    sent = clock.now().timestamp() - 2.5
    record = {
        "messageId": "m1",
        "receiptHandle": "r1",
        "body": encode_item(MESSAGE),
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": str(round(sent * 1000)),
            **attributes,
        },
        "messageAttributes": own or {},
    }
    nobody = cast("Any", None)
    process = SQSRecordProcessor(
        nobody,
        "",
        clock,
        SilentTelemetry(),
        lambda message, _: seen.append(message),
        is_dlq_consumer=is_dlq_consumer,
    )
    answer = process([record], Context())
    assert answer == {"batchItemFailures": []}
    assert seen == [MESSAGE]
    return seen[0]


def test_a_message_says_how_long_it_waited() -> None:
    assert delivered().queue_wait_seconds == pytest.approx(2.5, abs=0.001)


def test_redelivered_and_delayed_messages_have_no_queue_wait() -> None:
    assert delivered(ApproximateReceiveCount="2").queue_wait_seconds == 0
    assert delivered(is_dlq_consumer=True).queue_wait_seconds == 0
    assert (
        delivered(own={DELAYED: {"stringValue": "2", "dataType": "Number"}}).queue_wait_seconds == 0
    )


def test_clocks_that_differ_make_no_wait_below_nothing() -> None:
    assert delivered(SentTimestamp="99999999999999").queue_wait_seconds == 0
