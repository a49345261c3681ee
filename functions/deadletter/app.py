"""Settles the items of messages that kept failing, so that no batch hangs."""

from typing import Any

from imagebatch.bootstrap import Bootstrap
from imagebatch.observability import logger, metrics
from imagebatch.settings import Settings

services = Bootstrap(Settings.from_env())


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return services.dead_letter_records(event["Records"], context)
