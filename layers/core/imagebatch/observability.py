"""Logs and metrics: one logger, one metrics namespace, and the telemetry of the use cases.

Credentials are never logged: no token, no presigned URL, no Authorization header.
"""

import warnings
from collections.abc import Sequence
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from imagebatch.domain.batch import Batch
from imagebatch.domain.budgets import Account
from imagebatch.domain.errors import FailureCode
from imagebatch.domain.item import Item
from imagebatch.domain.model_registry import Mode
from imagebatch.domain.statuses import ItemStatus
from imagebatch.ports.telemetry import Telemetry
from imagebatch.ports.webhooks import Receipt

logger = Logger()
metrics = Metrics()
warnings.filterwarnings("ignore", "No application metrics to publish")


class PowertoolsTelemetry(Telemetry):
    def submitted(self, batch: Batch, warnings: Sequence[str]) -> None:
        logger.info(
            _marked("batch submitted", batch),
            **_of(batch),
            kind=batch.kind,
            rows=batch.total,
            rejected_rows=batch.rejected,
            warnings=list(warnings),
            estimated_cost=str(batch.estimated),
        )
        metrics.add_metric("BatchesSubmitted", MetricUnit.Count, 1)

    def settled(self, batch: Batch, item: Item) -> None:
        logger.info(
            _marked(f"item {item.status}", batch),
            **_of(batch),
            index=item.index,
            custom_id=item.custom_id,
            prompt=item.prompt,
            attempts=item.state.attempts,
            seconds=item.state.seconds,
            cost=str(item.cost),
            file=item.file,
            code=item.failure and item.failure.code,
            reason=item.failure and item.failure.reason,
        )
        self._measure(batch, item)

    def archived(self, batch: Batch, seconds: float) -> None:
        archive = batch.state.archive
        size = archive.size if archive else 0
        logger.info("archive published", **_of(batch), bytes=size, seconds=round(seconds, 3))
        metrics.add_metric("ArchiveBytes", MetricUnit.Bytes, size)
        metrics.add_metric("ArchiveSeconds", MetricUnit.Seconds, seconds)

    def notified(self, batch_id: str, message_id: str, receipt: Receipt | None) -> None:
        delivered = receipt is Receipt.DELIVERED
        logger.info(
            "webhook delivered" if delivered else "webhook given up",
            batch_id=batch_id,
            message_id=message_id,
            receipt=receipt or "unanswered",
        )
        name = "WebhooksDelivered" if delivered else "WebhooksUndelivered"
        metrics.add_metric(name, MetricUnit.Count, 1)

    def unreadable(self, key: str, reason: str) -> None:
        logger.error("record cannot be read", record=key, reason=reason)
        metrics.add_metric("UnreadableRecords", MetricUnit.Count, 1)

    def overlay_ignored(self, key: str, reason: str) -> None:
        logger.error("model overlay ignored", key=key, reason=reason)
        metrics.add_metric("IgnoredModelOverlays", MetricUnit.Count, 1)

    def model_gone(self, model: str, reason: str) -> None:
        logger.error("model is gone", model=model, reason=reason)
        metrics.add_metric("ModelGone", MetricUnit.Count, 1)

    def budget_nearly_spent(self, scope: str, month: str, percent: int) -> None:
        logger.warning("budget nearly spent", scope=scope, month=month, percent=percent)
        metrics.add_metric("BudgetNearlySpent", MetricUnit.Count, 1)

    def intake_failed(self, reason: str) -> None:
        logger.warning("arrival not taken", reason=reason)
        metrics.add_metric("IntakeFailures", MetricUnit.Count, 1)

    def batch_repaired(self, batch: Batch) -> None:
        logger.warning("batch repaired", batch_id=batch.id, status=batch.status, round=batch.round)

    def account_corrected(self, account: Account) -> None:
        logger.warning("account corrected", month=account.month, mode=account.mode)

    def log_event(self, event: str, **facts: Any) -> None:
        logger.info(event, **facts)

    def _measure(self, batch: Batch, item: Item) -> None:
        name = {
            ItemStatus.SUCCEEDED: "ItemsSucceeded",
            ItemStatus.CANCELLED: "ItemsCancelled",
        }.get(item.status, "ItemsFailed")
        metrics.add_metric(name, MetricUnit.Count, 1)
        if item.status is ItemStatus.SUCCEEDED and item.state.seconds is not None:
            metrics.add_metric("ProviderSeconds", MetricUnit.Seconds, item.state.seconds)
        if item.state.started_at is not None:
            opened = batch.round_started_at or batch.created_at
            waited = max(0.0, (item.state.started_at - opened).total_seconds())
            metrics.add_metric("QueueWaitSeconds", MetricUnit.Seconds, waited)
        if batch.mode is Mode.LIVE:
            metrics.add_metric("Cost", MetricUnit.NoUnit, float(item.cost))
        if item.failure and item.failure.code is FailureCode.PROVIDER_AUTH:
            metrics.add_metric("ProviderAuthFailures", MetricUnit.Count, 1)


def _of(batch: Batch) -> dict[str, Any]:
    return {"batch_id": batch.id, "round": batch.round, "mode": batch.mode, "model": batch.model}


def _marked(text: str, batch: Batch) -> str:
    return f"{text} (development mode)" if batch.mode is Mode.DEVELOPMENT else text
