"""The body of a webhook: the result of a round, without URLs, which could expire."""

from typing import Any

from imagebatch.domain.batch import Batch
from imagebatch.schemas.wire import iso_timestamp


def webhook_body(batch: Batch) -> dict[str, Any]:
    """Return a finished batch's body, whose timestamp is the end of the round in every attempt."""
    return {
        "type": f"batch.{batch.status}",
        "timestamp": iso_timestamp(batch.finished_at),
        "data": {
            "batch_id": batch.id,
            "kind": batch.kind,
            "name": batch.name,
            "status": batch.status,
            "outcome": batch.outcome,
            "round": batch.round,
            "total": batch.total,
            "succeeded": batch.counts.succeeded,
            "failed": batch.counts.failed,
            "cancelled": batch.counts.cancelled,
            "metadata": dict(batch.metadata),
        },
    }
