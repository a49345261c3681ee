"""The HTTPS API, and the daily model check, for which the API already has the permissions."""

from typing import Any

from imagebatch import startup  # before the others
from imagebatch.api.build import build
from imagebatch.compose.api import ApiServices
from imagebatch.observability import logger, metrics
from imagebatch.settings import Settings

services = ApiServices(Settings.from_env())
app = build(services)


@startup.end_with_first_answer
@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    if event.get("task") == "check-models":  # the schedule's event; no request has such a key
        return {"checked": len(services.check_models())}
    return app(event, context)
