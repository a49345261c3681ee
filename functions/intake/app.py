"""A file arrived in the bucket: a dropped sheet becomes a batch, an upload is checked."""

from typing import Any

from imagebatch.bootstrap import Bootstrap
from imagebatch.observability import logger, metrics
from imagebatch.settings import Settings
from imagebatch.usecases.keys import INCOMING

services = Bootstrap(Settings.from_env())


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    found = event["detail"]["object"]
    if found["key"].startswith(INCOMING):
        return dict(services.check_upload(found["key"]))
    return dict(services.submit_dropped_sheet(found["key"], found["etag"]))
