"""A file arrived in the bucket: a sheet in the drop folder becomes a batch."""

from typing import Any

from imagebatch.bootstrap import Bootstrap
from imagebatch.observability import logger, metrics
from imagebatch.settings import Settings

parts = Bootstrap(Settings.from_env())


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    found = event["detail"]["object"]
    return dict(parts.take_dropped_sheet(found["key"], found["etag"]))
