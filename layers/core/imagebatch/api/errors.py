"""From an error to the HTTP answer that a client gets."""

import json
from typing import Any

from aws_lambda_powertools import Logger

from imagebatch.api.response import Response
from imagebatch.domain.errors import (
    ConflictError,
    MethodNotAllowedError,
    RequestError,
    UnavailableError,
)
from imagebatch.schemas.problem import internal_problem, problem, unavailable

PROBLEM = "application/problem+json"

logger = Logger(child=True)


def error_response(error: Exception) -> Response:
    """Every error has an answer; only a refusal tells the client what went wrong."""
    if isinstance(error, RequestError):
        return _refusal(error)
    if isinstance(error, (UnavailableError, ConflictError)):
        logger.warning("a part of the service is unavailable", reason=str(error))
        return _refusal(unavailable())
    logger.error("unforeseen error", exc_info=error)
    return _response(500, internal_problem(), {})


def _refusal(error: RequestError) -> Response:
    headers = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, MethodNotAllowedError):
        headers["Allow"] = ", ".join(error.methods)
    return _response(error.status, problem(error), headers)


def _response(status: int, document: dict[str, Any], headers: dict[str, str]) -> Response:
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return Response(status, PROBLEM, body, headers)
