"""The gateway's routes for any path, its 500 for a function that fails, and its 503 for one that is
too slow or throttled.

API Gateway abandons an integration after its timeout, at most 30 seconds, and returns the same for
a throttled function. It tells nothing of a function's error. The emulator waits forever, and
returns 429, and 502 with the error itself; and its {proxy+} matches no path with a line break.
"""

import asyncio
import json
import os
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

MAX_SECONDS = float(os.environ.get("GATEWAY_SECONDS", "30"))
"""More where a suite starts dozens of functions at once on a few cores."""
FAILED = json.dumps({"message": "Internal Server Error"})
UNAVAILABLE = json.dumps({"message": "Service Unavailable"})

type Answer = tuple[int, dict[str, str], bytes]


def install() -> None:
    from ministack.services import apigateway, lambda_svc

    apigateway._extract_path_params = _with_line_breaks(apigateway._extract_path_params)
    apigateway._invoke_lambda_proxy = _timed(apigateway._invoke_lambda_proxy)
    lambda_svc.lambda_execute_result_to_api_proxy_response = _refused(
        lambda_svc.lambda_execute_result_to_api_proxy_response
    )


def seconds_of(integration: Mapping[str, Any]) -> float:
    told = integration.get("timeoutInMillis") or integration.get("TimeoutInMillis")
    return min(MAX_SECONDS, float(told or MAX_SECONDS * 1000) / 1000)


def _with_line_breaks(match: Callable[..., Any]) -> Callable[..., Any]:
    stand_in = "\ue000"  # a character of private use, which "." matches

    @wraps(match)
    def matched(route_path: str, request_path: str) -> dict[str, str] | None:
        found = match(route_path, request_path.replace("\n", stand_in))
        return found and {name: value.replace(stand_in, "\n") for name, value in found.items()}

    return matched


def _timed(invoke: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(invoke)
    async def timed(integration: Mapping[str, Any], *more: Any, **named: Any) -> Answer:
        try:
            async with asyncio.timeout(seconds_of(integration)):
                answer: Answer = await invoke(integration, *more, **named)
        except TimeoutError:
            return 503, {"Content-Type": "application/json"}, UNAVAILABLE.encode()
        return answer

    return timed


def _refused(shape: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(shape)
    def refused(result: Mapping[str, Any]) -> Any:
        if result.get("throttle"):
            return _own_words(503, UNAVAILABLE), None
        if result.get("error"):
            return _own_words(500, FAILED), None
        return shape(result)

    return refused


def _own_words(status: int, body: str) -> dict[str, Any]:
    return {"statusCode": status, "headers": {"Content-Type": "application/json"}, "body": body}
