"""SQS queues. The message group is the owner, so that SQS schedules owners fairly."""

import math
import time
from collections.abc import Callable, Sequence
from itertools import batched
from typing import TYPE_CHECKING, Final

from imagebatch.adapters.aws import attempts, translate_errors
from imagebatch.adapters.dynamodb.keys import digest
from imagebatch.domain.errors import UnavailableError
from imagebatch.ports.dispatch_queue import DispatchQueue
from imagebatch.ports.item_queue import ItemMessage, ItemQueue
from imagebatch.schemas.messages import DELAYED, DispatchMessage, encode_dispatch, encode_item

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

MESSAGES_A_CALL = 10
MAX_DELAY_SECONDS = 900
TRIES = 5
DEPTHS: Final = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


class SQSItemQueue(ItemQueue):
    """`ports.ItemQueue`. Delays are limited to SQS's maximum of 900 s."""

    def __init__(
        self, client: "SQSClient", url: str, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._client = client
        self._url = url
        self._sleep = sleep

    def send(self, messages: Sequence[ItemMessage], *, delay: float = 0) -> None:
        seconds = min(MAX_DELAY_SECONDS, max(0, math.ceil(delay)))
        for chunk in batched(messages, MESSAGES_A_CALL, strict=False):
            self._send([_entry(at, message, seconds) for at, message in enumerate(chunk)])

    def _send(self, entries: Sequence["SendMessageBatchRequestEntryTypeDef"]) -> None:
        """Send again the messages that SQS did not confirm."""
        for _ in attempts(TRIES, first=0.1, sleep=self._sleep):
            with translate_errors("item queue"):
                answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
            taken = {each["Id"] for each in answer.get("Successful", ())}
            entries = [each for each in entries if each["Id"] not in taken]
            if not entries:
                return
        raise UnavailableError(f"the item queue did not take {len(entries)} messages")


def _entry(at: int, message: ItemMessage, seconds: int) -> "SendMessageBatchRequestEntryTypeDef":
    entry: SendMessageBatchRequestEntryTypeDef = {
        "Id": str(at),
        "MessageBody": encode_item(message),
        "DelaySeconds": seconds,
        "MessageGroupId": group_of(message.owner),
    }
    if seconds:
        entry["MessageAttributes"] = {DELAYED: {"DataType": "Number", "StringValue": str(seconds)}}
    return entry


class SQSDispatchQueue(DispatchQueue):
    """`ports.DispatchQueue`."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def send(self, owner: str, batch_id: str, round_: int) -> None:
        with translate_errors("dispatch queue"):
            self._client.send_message(
                QueueUrl=self._url,
                MessageBody=encode_dispatch(DispatchMessage(owner, batch_id, round_)),
                MessageGroupId=group_of(owner),
            )


def group_of(owner: str) -> str:
    """An owner may be any text; a group ID allows fewer characters, and at most 128."""
    return digest(owner)[:32]


def queue_depth(client: "SQSClient", items: str, dead_letters: str) -> dict[str, int]:
    """The two queues' own counts, for operators."""

    def read(url: str) -> list[int]:
        with translate_errors("queue"):
            found = client.get_queue_attributes(QueueUrl=url, AttributeNames=DEPTHS)["Attributes"]
        return [int(found[name]) for name in DEPTHS]

    visible, in_flight, delayed = read(items)
    dead = read(dead_letters)[0]
    return {"visible": visible, "inFlight": in_flight, "delayed": delayed, "deadLetter": dead}
