"""Recognizes a transaction that is repeated under its ClientRequestToken, whatever its numbers.

The emulator rewrites the numbers of a Put in their shortest form (`2.0` as `2`) before it stores
the request to compare repetitions with. A repetition with `2.0` was then refused with
IdempotentParameterMismatchException, which DynamoDB returns only if a parameter has changed
(DynamoDB API Reference, TransactWriteItems, ClientRequestToken).
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

type Handler = Callable[[dict[str, Any]], Any]


def install() -> None:
    from ministack.services import dynamodb

    dynamodb._transact_write_items = _normalized(
        dynamodb._transact_write_items, dynamodb._validate_item
    )


def _normalized(handle: Handler, validate: Callable[[Any], object]) -> Handler:
    @wraps(handle)
    def handled(request: dict[str, Any]) -> Any:
        for action in request.get("TransactItems", []):
            if "Put" in action:
                validate(action["Put"].get("Item"))  # the handler itself says what is wrong
        return handle(request)

    return handled
