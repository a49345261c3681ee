"""Generates one image: one message of the item queue is one item."""

from typing import Any

from imagebatch import startup  # before the others
from imagebatch.compose.worker import WorkerServices
from imagebatch.observability import logger, metrics
from imagebatch.settings import Settings

services = WorkerServices(Settings.from_env())


@startup.end_with_first_answer
@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return services.item_records(event["Records"], context)
