"""Handles files stored in the bucket: creates a batch from a dropped sheet, validates an upload."""

from typing import Any

from imagebatch.compose.intake import IntakeServices
from imagebatch.observability import logger, metrics
from imagebatch.settings import Settings

services = IntakeServices(Settings.from_env())


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    return services.arrivals(event["Records"], services.take_in)
