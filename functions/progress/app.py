"""Live progress, with its own concurrency so that event streams cannot slow the API."""

from typing import Any

from imagebatch.api.application import Application
from imagebatch.api.routes import progress
from imagebatch.api.routing import Router
from imagebatch.compose.progress import ProgressServices
from imagebatch.observability import logger, metrics
from imagebatch.settings import Settings

app = Application(ProgressServices(Settings.from_env()), Router(progress.routes))


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return app(event, context)
