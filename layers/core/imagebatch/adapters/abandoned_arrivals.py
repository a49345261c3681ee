"""The intake's dead-letter queue: announced files that were abandoned."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from imagebatch.adapters.aws import translate_errors
from imagebatch.ports.abandoned_arrivals import AbandonedArrivals
from imagebatch.ports.deletion import KeepGoing
from imagebatch.schemas.messages import MalformedMessageError, decode_arrival

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

MESSAGES_A_CALL = 10
WAIT_SECONDS = 1
"""Long polling queries all SQS servers; short polling may miss messages."""
HIDDEN_SECONDS = 120
"""The sweeper's timeout, so that no message is received twice during one run."""


class SQSAbandonedArrivals(AbandonedArrivals):
    """`ports.AbandonedArrivals`. SQS cannot search: every message is received, and few are
    deleted.
    """

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def remove(self, is_wanted: Callable[[str], bool], keep_going: KeepGoing) -> bool:
        while keep_going():
            messages = self._receive()
            if not messages:
                return True
            for message in messages:
                if is_wanted(_key(message)):
                    self._delete(message)
        return False

    def _receive(self) -> list["MessageTypeDef"]:
        with translate_errors("intake dead letters"):
            answer = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=MESSAGES_A_CALL,
                VisibilityTimeout=HIDDEN_SECONDS,
                WaitTimeSeconds=WAIT_SECONDS,
            )
        return answer.get("Messages", [])

    def _delete(self, message: "MessageTypeDef") -> None:
        with translate_errors("intake dead letters"):
            self._client.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])


def _key(message: "MessageTypeDef") -> str:
    """Return an empty key for a message that announces no file."""
    try:
        return decode_arrival(message["Body"], 0).key
    except MalformedMessageError:
        return ""
