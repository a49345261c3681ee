"""Tells a batch's callback address that a round has ended.

What is told is fixed when the round ends and travels with the finalizer's execution: by the time a
receiver answers, the batch may be in its next round.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from imagebatch.domain.batch import Batch
from imagebatch.domain.errors import WebhookDeliveryError
from imagebatch.ports import Receipt, Telemetry, Webhooks
from imagebatch.usecases.records import BatchRepository


def notice_of(batch: Batch, body: Callable[[Batch], Mapping[str, Any]]) -> dict[str, Any] | None:
    """What to deliver for a finished batch. Each end of a round has an id of its own, and a round
    whose archive is built anew ends anew.
    """
    if batch.callback_url is None:
        return None
    message_id = f"{batch.id}-{batch.round}-{batch.attempt}"
    return {"id": message_id, "body": dict(body(batch))}


@dataclass(frozen=True, slots=True)
class NotifyOwner:
    records: BatchRepository
    webhooks: Webhooks
    telemetry: Telemetry

    def deliver(
        self, owner: str, batch_id: str, notice: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """One try. WebhookDeliveryError when there should be another."""
        batch = self.records.store.get(owner, batch_id) if notice else None
        if batch is None or batch.callback_url is None or notice is None:
            return {}
        try:
            receipt = self.webhooks.post(batch.callback_url, notice["id"], notice["body"])
        except WebhookDeliveryError as error:
            facts = {"batch_id": batch_id, "message_id": notice["id"], "reason": str(error)}
            self.telemetry.log_event("webhook not delivered", **facts)
            raise
        if receipt is Receipt.GONE:
            self.records.update(owner, batch_id, lambda b: replace(b, callback_url=None))
        self.telemetry.notified(batch_id, notice["id"], receipt)
        return {"receipt": receipt}

    def give_up(self, batch_id: str, notice: Mapping[str, Any] | None) -> dict[str, Any]:
        """After the last try: said where operators look."""
        if notice is not None:
            self.telemetry.notified(batch_id, notice["id"], None)
        return {}
