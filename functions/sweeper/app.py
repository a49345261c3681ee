"""Scheduled: repairs stalled batches, corrects accounts, completes deletions."""

from typing import Any

from imagebatch.compose.sweeper import SweeperServices
from imagebatch.observability import logger, metrics
from imagebatch.settings import Settings
from imagebatch.structs import asdict

RESERVED_SECONDS = 15.0
"""Reserved at the end of the invocation for a call in progress."""
services = SweeperServices(Settings.from_env())


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(_event: dict[str, Any], context: Any) -> dict[str, int]:
    return asdict(services.sweep_stack(lambda: _has_time(context)))


def _has_time(context: Any) -> bool:
    return bool(context.get_remaining_time_in_millis() / 1000 > RESERVED_SECONDS)
