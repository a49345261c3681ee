"""A response that reports failed messages in a way AWS cannot read fails the whole batch.

With ReportBatchItemFailures, Lambda deletes all messages for an empty response or an empty or null
list, and none for an invalid JSON response or for an item identifier that is empty, null, misnamed
or of no message of the batch. The emulator deletes all of them, and fails for a null list.
(https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html)
"""

import json
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from functools import wraps
from typing import Any

REPORTS = "ReportBatchItemFailures"
FAILED = {"errorType": "InvalidResponse", "errorMessage": "The batch response cannot be read."}

_batch: ContextVar[Sequence[str] | None] = ContextVar("batch", default=None)
"""The message IDs of the batch that this thread delivers, if its mapping reports failures."""


def install() -> None:
    from ministack.services import lambda_svc

    lambda_svc._run_sqs_batch = _noting(lambda_svc._run_sqs_batch)
    lambda_svc._execute_function = _checked(lambda_svc._execute_function)


def failures_in(response: Any, message_ids: Sequence[str]) -> list[dict[str, str]]:
    """Return the failures that a response reports; ValueError if AWS cannot read it."""
    if isinstance(response, str | bytes):
        response = json.loads(response or "null")
    if response is None:
        return []
    if not isinstance(response, dict):
        raise ValueError("not an object")
    failures = response.get("batchItemFailures") or []
    for each in failures:
        if not isinstance(each, dict) or each.get("itemIdentifier") not in message_ids:
            raise ValueError(f"no message of the batch: {each}")
    return list(failures)


def _noting(deliver: Callable[..., None]) -> Callable[..., None]:
    @wraps(deliver)
    def delivered(mapping: Mapping[str, Any], function: Any, event: Any, *more: Any) -> None:
        reports = REPORTS in (mapping.get("FunctionResponseTypes") or [])
        ids = [record["messageId"] for record in event["Records"]] if reports else None
        token = _batch.set(ids)
        try:
            deliver(mapping, function, event, *more)
        finally:
            _batch.reset(token)

    return delivered


def _checked(execute: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(execute)
    def executed(*arguments: Any, **named: Any) -> Any:
        result = execute(*arguments, **named)
        ids = _batch.get()
        if ids is None or result.get("error"):
            return result
        try:
            failures = failures_in(result.get("body"), ids)
        except ValueError:
            return {**result, "error": True, "body": FAILED}
        return {**result, "body": {"batchItemFailures": failures}}

    return executed
