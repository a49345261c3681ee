"""The HTTPS API."""

from typing import Any

from imagebatch.api.build import build
from imagebatch.bootstrap import Bootstrap
from imagebatch.observability import logger, metrics
from imagebatch.settings import Settings

app = build(Bootstrap(Settings.from_env()))


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return app(event, context)
