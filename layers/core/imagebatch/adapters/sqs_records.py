"""SQS records as deliveries: what is done is acknowledged, what is busy comes back later."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from imagebatch.adapters.aws import translate_errors
from imagebatch.domain.errors import ImagebatchError
from imagebatch.ports import Clock, ItemMessage, RetryLater, Telemetry, TimeLeft
from imagebatch.schemas.messages import DELAYED, MalformedMessageError, decode_item

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

LONGEST_VISIBILITY = 43_200

type Deliver = Callable[[ItemMessage, TimeLeft], RetryLater | None]


class SQSRecordProcessor:
    """The queues deliver one record at a time. What may pass is reported, a bug is raised."""

    def __init__(
        self,
        client: "SQSClient",
        url: str,
        clock: Clock,
        telemetry: Telemetry,
        *,
        last_resort: bool = False,
    ) -> None:
        self._client = client
        self._url = url
        self._clock = clock
        self._telemetry = telemetry
        self._last_resort = last_resort

    def __call__(
        self, records: Sequence[Mapping[str, Any]], deliver: Deliver, context: Any
    ) -> dict[str, Any]:
        """The partial batch response Lambda expects."""
        kept = [r["messageId"] for r in records if not self._done(r, deliver, context)]
        return {"batchItemFailures": [{"itemIdentifier": each} for each in kept]}

    def _done(self, record: Mapping[str, Any], deliver: Deliver, context: Any) -> bool:
        try:
            message = replace(decode_item(record["body"]), waited=self._waited(record))
            busy = deliver(message, lambda: context.get_remaining_time_in_millis() / 1000)
        except MalformedMessageError as error:
            # Nothing is known of its item, so the last resort can only say so and let it go.
            self._telemetry.log_event(
                "malformed message", reason=str(error), given_up=self._last_resort
            )
            return self._last_resort
        except ImagebatchError as error:
            self._telemetry.log_event("delivery failed", reason=f"{type(error).__name__}: {error}")
            return False
        if busy is None:
            return True
        self._come_back(record["receiptHandle"], busy)
        return False

    def _waited(self, record: Mapping[str, Any]) -> float:
        attributes = record["attributes"]
        again = attributes["ApproximateReceiveCount"] != "1"
        if again or self._last_resort or DELAYED in record["messageAttributes"]:
            return 0.0
        sent = int(attributes["SentTimestamp"]) / 1000
        return max(0.0, self._clock.now().timestamp() - sent)

    def _come_back(self, receipt: str, busy: RetryLater) -> None:
        seconds = math.ceil((busy.until - self._clock.now()).total_seconds())
        with translate_errors("item queue"):
            self._client.change_message_visibility(
                QueueUrl=self._url,
                ReceiptHandle=receipt,
                VisibilityTimeout=min(LONGEST_VISIBILITY, max(1, seconds)),
            )
