"""The body of a webhook: what a round came to, and no URL, because the receiver's may be late."""

from typing import Any

from imagebatch.domain.batch import Batch
from imagebatch.schemas.wire import iso_timestamp


def webhook_body(batch: Batch) -> dict[str, Any]:
    """Of a finished batch. The timestamp is the round's end, the same in every try."""
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
