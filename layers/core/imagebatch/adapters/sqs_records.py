"""SQS records as deliveries: processed ones are acknowledged, leased ones are redelivered later."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from imagebatch.adapters.aws import translate_errors
from imagebatch.domain.errors import ImagebatchError, UnreadableRecordError
from imagebatch.ports.clock import Clock
from imagebatch.ports.item_queue import ItemMessage, RetryLater
from imagebatch.ports.telemetry import Telemetry
from imagebatch.schemas.messages import DELAYED, MalformedMessageError, decode_item
from imagebatch.structs import replace

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

MAX_VISIBILITY_SECONDS = 43_200

type ProcessItem = Callable[[ItemMessage, datetime], RetryLater | None]
"""Called with the end of the invocation; returns None if the message may be acknowledged."""


class SQSRecordProcessor:
    """The queues deliver one record at a time. Transient errors are reported, bugs are raised."""

    def __init__(
        self,
        client: "SQSClient",
        url: str,
        clock: Clock,
        telemetry: Telemetry,
        process_item: ProcessItem,
        *,
        is_dlq_consumer: bool = False,
    ) -> None:
        self._client = client
        self._url = url
        self._clock = clock
        self._telemetry = telemetry
        self._process_item = process_item
        self._is_dlq_consumer = is_dlq_consumer

    def __call__(self, records: Sequence[Mapping[str, Any]], context: Any) -> dict[str, Any]:
        """Return the partial batch response that Lambda expects."""
        failed = [r["messageId"] for r in records if not self._process_record(r, context)]
        return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}

    def _process_record(self, record: Mapping[str, Any], context: Any) -> bool:
        """Return whether the message may be acknowledged."""
        left = timedelta(milliseconds=context.get_remaining_time_in_millis())
        try:
            message = replace(
                decode_item(record["body"]), queue_wait_seconds=self._queue_wait_seconds(record)
            )
            retry = self._process_item(message, self._clock.now() + left)
        except MalformedMessageError as error:
            # Its item is unknown, so the last resort can only log it and acknowledge the message.
            self._telemetry.log_event(
                "malformed message", reason=str(error), given_up=self._is_dlq_consumer
            )
            return self._is_dlq_consumer
        except UnreadableRecordError as error:
            self._telemetry.unreadable("of an item that was delivered", str(error))
            return False
        except ImagebatchError as error:
            self._telemetry.log_event("delivery failed", reason=f"{type(error).__name__}: {error}")
            return False
        if retry is None:
            return True
        self._extend_visibility(record["receiptHandle"], retry)
        return False

    def _queue_wait_seconds(self, record: Mapping[str, Any]) -> float:
        attributes = record["attributes"]
        again = attributes["ApproximateReceiveCount"] != "1"
        if again or self._is_dlq_consumer or DELAYED in record["messageAttributes"]:
            return 0.0
        sent = int(attributes["SentTimestamp"]) / 1000
        return max(0.0, self._clock.now().timestamp() - sent)

    def _extend_visibility(self, receipt: str, retry: RetryLater) -> None:
        seconds = math.ceil((retry.until - self._clock.now()).total_seconds())
        with translate_errors("item queue"):
            self._client.change_message_visibility(
                QueueUrl=self._url,
                ReceiptHandle=receipt,
                VisibilityTimeout=min(MAX_VISIBILITY_SECONDS, max(1, seconds)),
            )
