"""Evaluates key conditions without a parser: the emulator parses one again for every record of a
partition.

A batch of 1,000 rows has thousands of records, and each page of a query over them took seconds.
This is not a rule of AWS; results stay the same.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

RANGE = "pk = :pk AND sk BETWEEN :low AND :high"
"""The product's only key condition; any other goes to the parser."""


def install() -> None:
    from ministack.services import dynamodb

    dynamodb._evaluate_condition = _quick(dynamodb._evaluate_condition)


def _quick(evaluate: Callable[..., bool]) -> Callable[..., bool]:
    @wraps(evaluate)
    def quick(
        expression: str,
        item: Mapping[str, Any],
        values: Mapping[str, Any],
        *more: Any,
        **named: Any,
    ) -> bool:
        if expression != RANGE:
            return evaluate(expression, item, values, *more, **named)
        return item["pk"] == values[":pk"] and is_between(
            item["sk"]["S"], values[":low"]["S"], values[":high"]["S"]
        )

    return quick


def is_between(text: str, low: str, high: str) -> bool:
    """DynamoDB orders strings by their UTF-8 bytes."""
    return low.encode() <= text.encode() <= high.encode()
