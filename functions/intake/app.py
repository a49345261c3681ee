"""Handles files stored in the bucket: creates a batch from a dropped sheet, validates an upload."""

from typing import Any

from imagebatch.compose.intake import IntakeServices
from imagebatch.observability import logger, metrics
from imagebatch.ports import ArrivedObject, RetryLater, SendAnew
from imagebatch.settings import Settings
from imagebatch.usecases.keys import INCOMING

services = IntakeServices(Settings.from_env())


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    return services.arrivals(event["Records"], process)


def process(arrival: ArrivedObject) -> RetryLater | SendAnew | None:
    if arrival.key.startswith(INCOMING):
        services.check_upload(arrival.key)
        return None
    outcome = services.submit_dropped_sheet(arrival)
    return outcome if isinstance(outcome, RetryLater | SendAnew) else None
