"""Facts about the stack from AWS, for operators."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from botocore.exceptions import ClientError

from imagebatch.adapters.aws import Clients, error_code, translate_errors
from imagebatch.adapters.sqs import queue_depth
from imagebatch.domain.errors import UnavailableError
from imagebatch.ports.stack_facts import AlarmAddress, Concurrency, StackFacts
from imagebatch.settings import Settings

PENDING = "PendingConfirmation"
MAX_EXECUTIONS = 100


class AwsStackFacts(StackFacts):
    def __init__(self, clients: Clients, settings: Settings) -> None:
        self._clients = clients
        self._settings = settings

    def queue_depth(self) -> Mapping[str, int]:
        items, dead = self._settings.item_queue_url, self._settings.dead_letter_queue_url
        with _examined("queues"):
            return queue_depth(self._clients.sqs, items, dead)

    def failed_finalizers(self, since: datetime) -> int:
        """Of the newest hundred."""
        with _examined("state machine"):
            found = self._clients.stepfunctions.list_executions(
                stateMachineArn=self._settings.state_machine_arn,
                statusFilter="FAILED",
                maxResults=MAX_EXECUTIONS,
            )["executions"]
        return sum(each["stopDate"] >= since for each in found)

    def alarm_address(self) -> AlarmAddress:
        topic = self._settings.alarm_topic_arn
        if not topic:
            return AlarmAddress.NONE
        with _examined("alarm topic"):
            found = self._clients.sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        confirmed = [each for each in found if each["SubscriptionArn"] != PENDING]
        return AlarmAddress.CONFIRMED if confirmed else AlarmAddress.UNCONFIRMED

    def concurrency(self) -> Concurrency:
        with _examined("account's quota"):
            limit = self._clients.lambda_.get_account_settings()["AccountLimit"]
        return Concurrency(limit["ConcurrentExecutions"], limit["UnreservedConcurrentExecutions"])


@contextmanager
def _examined(part: str) -> Iterator[None]:
    """A missing permission hides one fact but not the others."""
    try:
        with translate_errors(part):
            yield
    except ClientError as error:
        raise UnavailableError(f"the {part} answered {error_code(error)}") from error
