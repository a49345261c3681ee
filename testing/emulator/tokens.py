"""Recognizes a transaction that is repeated under its ClientRequestToken, whatever its numbers.

The emulator compares a repeated request with the first one, in which it has meanwhile changed the
numbers of each Put to their shortest form: it took `0.0` for another request than `0`, and refused
it with IdempotentParameterMismatchException. DynamoDB compares the requests as they were sent.
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
