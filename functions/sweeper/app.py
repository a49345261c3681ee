"""Scheduled: repairs stalled batches, corrects accounts, completes deletions."""

from typing import Any

from imagebatch.compose.sweeper import SweeperServices
from imagebatch.observability import logger, metrics
from imagebatch.settings import Settings

SECONDS_KEPT = 15.0
"""Reserved at the end of the invocation for a call in progress."""
services = SweeperServices(Settings.from_env())


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(_event: dict[str, Any], context: Any) -> dict[str, int]:
    try:
        repaired = _repair_batches()
        _repair_accounts()
    finally:
        deleted = _finish_deletions(context)
        erased = _run_erasures(context)
    return {"repaired": repaired, "deleted": deleted, "erased": erased}


def _repair_batches() -> int:
    repaired = 0
    for batch in services.repair_stalled_batches():
        repaired += 1
        logger.warning("batch repaired", batch_id=batch.id, status=batch.status, round=batch.round)
    return repaired


def _repair_accounts() -> None:
    for account in services.repair_accounts():
        logger.warning("account corrected", month=account.month, mode=account.mode)


def _run_erasures(context: Any) -> int:
    erased = 0
    for erasure_id in services.run_erasures(lambda: _has_time(context)):
        erased += 1
        logger.info("owner erased", erasure_id=erasure_id)
    return erased


def _has_time(context: Any) -> bool:
    return bool(context.get_remaining_time_in_millis() / 1000 > SECONDS_KEPT)


def _finish_deletions(context: Any) -> int:
    deleted = 0
    for batch_id in services.finish_deletions(lambda: _has_time(context)):
        deleted += 1
        logger.info("batch deleted", batch_id=batch_id)
    return deleted
