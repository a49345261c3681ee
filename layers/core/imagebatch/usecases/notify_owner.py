"""Notifies a batch's callback URL of the end of a round, and records the delivery status.

The payload is determined when the round ends and is part of the finalizer's execution: by the time
a receiver responds, the batch may be in its next round. The client's own text is excluded, because
Step Functions keeps an execution's history for 90 days, and it cannot be deleted.
"""

from collections.abc import Callable, Mapping
from typing import Any

from imagebatch.domain.batch import Batch
from imagebatch.domain.delivery import Delivery, DeliveryStatus
from imagebatch.domain.errors import ConflictError, NotFoundError, WebhookDeliveryError
from imagebatch.ports.deliveries import DeliveryStore
from imagebatch.ports.telemetry import Telemetry
from imagebatch.ports.webhooks import Receipt, Webhooks
from imagebatch.structs import Struct, replace
from imagebatch.usecases.records import BatchRepository

PERSONAL = frozenset({"name", "metadata"})


def notice_of(batch: Batch, body: Callable[[Batch], Mapping[str, Any]]) -> dict[str, Any] | None:
    """Return the notification of a finished batch.

    Each end of a round has its own ID. A round ends again when a retry rebuilds its archive.
    """
    if batch.callback_url is None:
        return None
    message_id = f"{batch.id}-{batch.round}-{batch.state.attempt}"
    whole = dict(body(batch))
    data = {name: value for name, value in whole["data"].items() if name not in PERSONAL}
    return {"id": message_id, "body": whole | {"data": data}}


def completed(batch: Batch, body: Mapping[str, Any]) -> dict[str, Any]:
    """Add the client's own text, which no execution's history may contain."""
    personal = {"name": batch.name, "metadata": dict(batch.metadata)}
    return {**body, "data": {**body["data"], **personal}}


class SendWebhook(Struct, frozen=True):
    """Make one attempt and record it."""

    records: BatchRepository
    webhooks: Webhooks
    deliveries: DeliveryStore

    def __call__(self, batch: Batch, delivery: Delivery) -> Delivery:
        """WebhookDeliveryError if another attempt may succeed."""
        tried = replace(
            delivery, attempts=delivery.attempts + 1, last_attempt_at=self.records.clock.now()
        )
        try:
            receipt = self.webhooks.post(delivery.url, delivery.id, delivery.body)
        except WebhookDeliveryError as error:
            self.deliveries.save(batch, replace(tried, reason=str(error)))
            raise
        status = DeliveryStatus(receipt.value)
        ended = replace(tried, status=status, reason="")
        self.deliveries.save(batch, ended)
        if receipt is Receipt.GONE:
            self.records.update(batch.owner, batch.id, lambda b: replace(b, callback_url=None))
        return ended


class NotifyOwner(Struct, frozen=True):
    records: BatchRepository
    send: SendWebhook
    deliveries: DeliveryStore
    telemetry: Telemetry

    def deliver(
        self, owner: str, batch_id: str, notice: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """Make one attempt. WebhookDeliveryError if another should follow."""
        batch = self.records.store.get(owner, batch_id) if notice else None
        if batch is None or batch.callback_url is None or notice is None:
            return {}
        delivery = self._known(batch, notice["id"]) or Delivery(
            id=notice["id"],
            url=batch.callback_url,
            body=completed(batch, notice["body"]),
            created_at=self.records.clock.now(),
        )
        try:
            ended = self.send(batch, delivery)
        except WebhookDeliveryError as error:
            facts = {"batch_id": batch_id, "message_id": notice["id"], "reason": str(error)}
            self.telemetry.log_event("webhook not delivered", **facts)
            raise
        receipt = Receipt(ended.status.value)
        self.telemetry.notified(batch_id, notice["id"], receipt)
        return {"receipt": receipt}

    def give_up(
        self, owner: str, batch_id: str, notice: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """After the last attempt: report to operators."""
        if notice is not None:
            batch = self.records.store.get(owner, batch_id)
            if batch is not None and (known := self._known(batch, notice["id"])) is not None:
                self.deliveries.save(batch, replace(known, status=DeliveryStatus.FAILED))
            self.telemetry.notified(batch_id, notice["id"], None)
        return {}

    def _known(self, batch: Batch, message_id: str) -> Delivery | None:
        found = self.deliveries.list_deliveries(batch.owner, batch.id)
        return next((each for each in found if each.id == message_id), None)


class ReplayWebhook(Struct, frozen=True):
    """Sends a webhook again at its owner's request: the same message with a new signature."""

    records: BatchRepository
    send: SendWebhook
    deliveries: DeliveryStore

    def __call__(self, owner: str, batch_id: str, number: int) -> Delivery:
        """Return the result. NotFoundError, or TooManyRequestsError shortly after the last
        attempt.
        """
        batch = self.records.batch(owner, batch_id)
        found = self.deliveries.list_deliveries(owner, batch_id)
        if not 1 <= number <= len(found):
            raise NotFoundError("webhook-not-found", "Webhook not found", title="Not found")
        delivery = found[number - 1]
        now = self.records.clock.now()
        delivery.check_replay(now)
        try:
            self.deliveries.start_attempt(batch, delivery, now)
        except ConflictError:
            # Of two that ask at once, the later one is told to wait.
            replace(delivery, last_attempt_at=now).check_replay(now)
            raise
        try:
            return self.send(batch, delivery)
        except WebhookDeliveryError as error:
            failed = replace(
                delivery,
                attempts=delivery.attempts + 1,
                last_attempt_at=now,
                reason=str(error),
                status=_after_failure(delivery.status),
            )
            self.deliveries.save(batch, failed)
            return failed


def _after_failure(status: DeliveryStatus) -> DeliveryStatus:
    """A delivery that is being retried, or was accepted before, keeps its status."""
    kept = {DeliveryStatus.PENDING, DeliveryStatus.DELIVERED}
    return status if status in kept else DeliveryStatus.FAILED
