"""Settles the items of repeatedly failing messages, so that no batch hangs."""

from typing import Any

from imagebatch.compose.deadletter import DeadLetterServices
from imagebatch.observability import logger, metrics
from imagebatch.settings import Settings

services = DeadLetterServices(Settings.from_env())


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return services.dead_letter_records(event["Records"], context)
