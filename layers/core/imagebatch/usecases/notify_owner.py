"""Tells a batch's callback address that a round has ended, and keeps what became of it.

What is told is fixed when the round ends and travels with the finalizer's execution: by the time a
receiver answers, the batch may be in its next round. The client's own words do not travel: Step
Functions keeps an execution's history for 90 days, and nobody can delete it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from imagebatch.domain.batch import Batch
from imagebatch.domain.delivery import Delivery, DeliveryStatus
from imagebatch.domain.errors import ConflictError, NotFoundError, WebhookDeliveryError
from imagebatch.ports import Receipt, Telemetry, Webhooks
from imagebatch.ports.deliveries import DeliveryStore
from imagebatch.usecases.records import BatchRepository

PERSONAL = frozenset({"name", "metadata"})


def notice_of(batch: Batch, body: Callable[[Batch], Mapping[str, Any]]) -> dict[str, Any] | None:
    """What to deliver for a finished batch. Each end of a round has an id of its own, and a round
    whose archive is built anew ends anew.
    """
    if batch.callback_url is None:
        return None
    message_id = f"{batch.id}-{batch.round}-{batch.attempt}"
    whole = dict(body(batch))
    data = {name: value for name, value in whole["data"].items() if name not in PERSONAL}
    return {"id": message_id, "body": whole | {"data": data}}


def completed(batch: Batch, body: Mapping[str, Any]) -> dict[str, Any]:
    """With what no execution's history keeps: the client's own words."""
    personal = {"name": batch.name, "metadata": dict(batch.metadata)}
    return {**body, "data": {**body["data"], **personal}}


@dataclass(frozen=True, slots=True)
class SendWebhook:
    """One try, recorded."""

    records: BatchRepository
    webhooks: Webhooks
    deliveries: DeliveryStore

    def __call__(self, batch: Batch, delivery: Delivery) -> Delivery:
        """WebhookDeliveryError when another try may be answered better."""
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


@dataclass(frozen=True, slots=True)
class NotifyOwner:
    records: BatchRepository
    send: SendWebhook
    deliveries: DeliveryStore
    telemetry: Telemetry

    def deliver(
        self, owner: str, batch_id: str, notice: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """One try. WebhookDeliveryError when there should be another."""
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
        """After the last try: said where operators look."""
        if notice is not None:
            batch = self.records.store.get(owner, batch_id)
            if batch is not None and (known := self._known(batch, notice["id"])) is not None:
                self.deliveries.save(batch, replace(known, status=DeliveryStatus.FAILED))
            self.telemetry.notified(batch_id, notice["id"], None)
        return {}

    def _known(self, batch: Batch, message_id: str) -> Delivery | None:
        found = self.deliveries.list_deliveries(batch.owner, batch.id)
        return next((each for each in found if each.id == message_id), None)


@dataclass(frozen=True, slots=True)
class ReplayWebhook:
    """Sends a webhook once more, because its owner asks: the same message, signed anew."""

    records: BatchRepository
    send: SendWebhook
    deliveries: DeliveryStore

    def __call__(self, owner: str, batch_id: str, number: int) -> Delivery:
        """What became of it. NotFoundError, or TooManyRequestsError a moment after the last try."""
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
    """One that is being tried again by itself, or was taken before, stays so."""
    kept = {DeliveryStatus.PENDING, DeliveryStatus.DELIVERED}
    return status if status in kept else DeliveryStatus.FAILED
