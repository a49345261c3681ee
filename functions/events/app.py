"""Sends events about settled items and ended batches to the event bus, from the table's stream."""

from typing import Any

from imagebatch.compose.events import EventsServices
from imagebatch.observability import logger, metrics
from imagebatch.settings import Settings

services = EventsServices(Settings.from_env())


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], _context: Any) -> dict[str, int]:
    sent = services.publish_events(event["Records"])
    return {"sent": sent}
