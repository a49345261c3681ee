"""Live progress as server-sent events: each answer is finite, the client's reconnect carries on."""

import json
from typing import Any

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from imagebatch.api.caller import owner_of
from imagebatch.api.sse import after_of, stream
from imagebatch.bootstrap import Bootstrap
from imagebatch.domain.errors import ConflictError, RequestError, UnavailableError
from imagebatch.observability import logger
from imagebatch.schemas.problem import problem, unavailable
from imagebatch.settings import Settings

services = Bootstrap(Settings.from_env())
HEADERS = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store"}


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    request = APIGatewayProxyEventV2(event)
    batch_id = (request.path_parameters or {}).get("batch_id", "")
    after = after_of(request.headers.get("last-event-id"))
    try:
        news = services.watch(
            owner_of(request, services.settings.auth_mode),
            batch_id,
            after,
            lambda: context.get_remaining_time_in_millis() / 1000,
        )
    except RequestError as error:
        return _refusal(error)
    except (UnavailableError, ConflictError) as error:
        logger.warning("a part of the service is unavailable", reason=str(error))
        return _refusal(unavailable())
    if news is None:
        return {"statusCode": 204, "headers": {"cache-control": "no-store"}}
    return {
        "statusCode": 200,
        "headers": HEADERS,
        "body": stream(news, services.clock.now(), services.sign),
    }


def _refusal(error: RequestError) -> dict[str, Any]:
    headers = {"content-type": "application/problem+json", "cache-control": "no-store"}
    if error.retry_after is not None:
        headers["retry-after"] = str(error.retry_after)
    return {"statusCode": error.status, "headers": headers, "body": json.dumps(problem(error))}
