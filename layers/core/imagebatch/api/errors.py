"""Maps errors to HTTP responses. This is the only module that names statuses."""

import json
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools import Logger

from imagebatch.api.request_errors import (
    InternalError,
    MethodNotAllowedError,
    NotAcceptableError,
    ServiceUnavailableError,
)
from imagebatch.api.response import Response
from imagebatch.domain.errors import (
    ConflictError,
    ForbiddenError,
    GoneError,
    InvalidRequestError,
    NotFoundError,
    OverBudgetError,
    RequestError,
    StateConflictError,
    TooLargeError,
    TooManyBatchesError,
    TooManyRequestsError,
    UnauthenticatedError,
    UnavailableError,
    UnprocessableError,
    UnreadableRecordError,
    UnsupportedTypeError,
)
from imagebatch.schemas.problem import problem

PROBLEM = "application/problem+json"
STATUSES: Mapping[type[RequestError], int] = {
    InvalidRequestError: 400,
    UnauthenticatedError: 401,
    OverBudgetError: 402,
    ForbiddenError: 403,
    NotFoundError: 404,
    MethodNotAllowedError: 405,
    NotAcceptableError: 406,
    StateConflictError: 409,
    GoneError: 410,
    TooLargeError: 413,
    UnsupportedTypeError: 415,
    UnprocessableError: 422,
    TooManyBatchesError: 429,
    TooManyRequestsError: 429,
    InternalError: 500,
    ServiceUnavailableError: 503,
}

logger = Logger(child=True)


def error_response(error: Exception) -> Response:
    """Return the response for any error; only those for request errors give the reason."""
    if isinstance(error, RequestError):
        return _refusal(error)
    if isinstance(error, (UnavailableError, ConflictError, UnreadableRecordError)):
        logger.warning("a part of the service is unavailable", reason=str(error))
        return _refusal(ServiceUnavailableError())
    logger.error("unhandled error", exc_info=error)
    return _refusal(InternalError())


def status_of(error: RequestError) -> int:
    return STATUSES[type(error)]


def problem_of(error: RequestError) -> dict[str, Any]:
    return problem(error, status_of(error))


def _refusal(error: RequestError) -> Response:
    headers = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, UnauthenticatedError):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, MethodNotAllowedError):
        headers["Allow"] = ", ".join(error.methods)
    body = json.dumps(problem_of(error), ensure_ascii=False, separators=(",", ":"))
    return Response(status_of(error), PROBLEM, body, headers)
