"""On a schedule: finds batches that stopped moving and hands them back."""

from typing import Any

from imagebatch.bootstrap import Bootstrap
from imagebatch.observability import logger, metrics
from imagebatch.settings import Settings

services = Bootstrap(Settings.from_env())


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(_event: dict[str, Any], _context: Any) -> dict[str, int]:
    repaired = 0
    for batch in services.repair_stalled_batches():
        repaired += 1
        logger.warning("batch repaired", batch_id=batch.id, status=batch.status, round=batch.round)
    return {"repaired": repaired}
