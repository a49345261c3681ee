"""The intake queue: files announced by S3, until they are processed.

A failed attempt is retried soon at first and every two minutes later, as often as the queue allows:
an outage behind the queue loses no sheet. A sheet that waits for a free place is enqueued again,
which uses up no delivery.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from imagebatch.adapters.aws import translate_errors
from imagebatch.domain.errors import ImagebatchError
from imagebatch.ports.arrivals import ArrivedObject, SendAnew
from imagebatch.ports.clock import Clock
from imagebatch.ports.item_queue import RetryLater
from imagebatch.ports.telemetry import Telemetry
from imagebatch.schemas.messages import MalformedMessageError, decode_arrival

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 5, 120
MAX_WAIT_SECONDS = 60
"""How long a free place may stay unused."""
WAITS = "waits"
"""The message attribute that counts how often a message was enqueued."""

type Process = Callable[[ArrivedObject], RetryLater | SendAnew | None]


class ArrivalProcessor:
    """Transient errors are retried; bugs are raised and redelivered after the queue's visibility
    timeout.
    """

    def __init__(self, client: "SQSClient", url: str, clock: Clock, telemetry: Telemetry) -> None:
        self._client = client
        self._url = url
        self._clock = clock
        self._telemetry = telemetry

    def __call__(self, records: Sequence[Mapping[str, Any]], process: Process) -> dict[str, Any]:
        """Return the partial batch response that Lambda expects."""
        kept = [r["messageId"] for r in records if not self._done(r, process)]
        return {"batchItemFailures": [{"itemIdentifier": each} for each in kept]}

    def _done(self, record: Mapping[str, Any], process: Process) -> bool:
        try:
            later = process(decode_arrival(record["body"], self._age(record)))
            if isinstance(later, SendAnew):
                self._send_anew(record)
                return True
        except MalformedMessageError as error:
            self._telemetry.log_event("malformed message", reason=str(error), given_up=True)
            return True
        except ImagebatchError as error:
            self._telemetry.intake_failed(f"{type(error).__name__}: {error}")
            self._come_back(record, pause(int(record["attributes"]["ApproximateReceiveCount"])))
            return False
        if later is None:
            return True
        self._come_back(record, (later.until - self._clock.now()).total_seconds())
        return False

    def _send_anew(self, record: Mapping[str, Any]) -> None:
        count = record.get("messageAttributes", {}).get(WAITS, {}).get("stringValue", "0")
        waits = int(count) + 1
        with translate_errors("intake queue"):
            self._client.send_message(
                QueueUrl=self._url,
                MessageBody=record["body"],
                DelaySeconds=pause(waits, MAX_WAIT_SECONDS),
                MessageAttributes={WAITS: {"DataType": "Number", "StringValue": str(waits)}},
            )

    def _age(self, record: Mapping[str, Any]) -> float:
        sent = int(record["attributes"]["SentTimestamp"]) / 1000
        return max(0.0, self._clock.now().timestamp() - sent)

    def _come_back(self, record: Mapping[str, Any], seconds: float) -> None:
        with translate_errors("intake queue"):
            self._client.change_message_visibility(
                QueueUrl=self._url,
                ReceiptHandle=record["receiptHandle"],
                VisibilityTimeout=max(1, math.ceil(seconds)),
            )


def pause(tries: int, longest: int = MAX_PAUSE_SECONDS) -> int:
    """Return the seconds until the next attempt, doubled each time."""
    return int(min(longest, FIRST_PAUSE_SECONDS * 2 ** min(tries - 1, 10)))
