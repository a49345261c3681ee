"""The steps of the finalizer's state machine, selected by `event["step"]`."""

from typing import Any

from imagebatch.compose.finalizer import FinalizerServices
from imagebatch.observability import logger, metrics
from imagebatch.schemas.finalizer_step import decode_step
from imagebatch.settings import Settings

services = FinalizerServices(Settings.from_env())


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    return services.run_step(decode_step(event))
