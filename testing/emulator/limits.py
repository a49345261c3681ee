"""Lambda's limits on what a function is sent and what it answers, and the gateway's on both.

The emulator passes payloads of any size. AWS takes 6 MB both ways and answers a function's error,
or an answer that is too large, with the gateway's own words.
"""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

MAX_PAYLOAD_BYTES = 6 * 1024 * 1024


def install() -> None:
    from ministack.services import lambda_svc

    lambda_svc._execute_function_dispatch = _limited(lambda_svc._execute_function_dispatch)


def _limited(execute: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(execute)
    def limited(function: Any, config: Any, event: Any, *more: Any) -> dict[str, Any]:
        if size(event) > MAX_PAYLOAD_BYTES:
            return _error("RequestEntityTooLargeException", f"the request has {size(event)} bytes")
        result: dict[str, Any] = execute(function, config, event, *more)
        answer = size(result.get("body"))
        if answer > MAX_PAYLOAD_BYTES:
            return _error("Function.ResponseSizeTooLarge", f"the response has {answer} bytes")
        return result

    return limited


def size(payload: object) -> int:
    if isinstance(payload, bytes):
        return len(payload)
    if isinstance(payload, str):
        return len(payload.encode())
    return len(json.dumps(payload, ensure_ascii=False, default=str).encode())


def _error(kind: str, reason: str) -> dict[str, Any]:
    message = f"{reason}; Lambda takes {MAX_PAYLOAD_BYTES}"
    return {"body": {"errorType": kind, "errorMessage": message}, "error": True, "log": message}
