"""The only parser of provider responses: plain values, bounded depth, finite numbers.

An invalid part becomes None in place, because the rest of a response may name a prediction that was
paid for.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

MAX_DEPTH = 32
MAX_DIGITS = 18
"""More than any count, size or time needs; a float cannot hold a number of hundreds of digits."""


def read_json(content: bytes | str) -> Any:
    """Return None for invalid JSON."""
    try:
        return _bounded(
            json.loads(
                content, parse_constant=lambda _: None, parse_float=_finite, parse_int=_countable
            ),
            MAX_DEPTH,
        )
    except (ValueError, RecursionError):
        return None


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def _countable(text: str) -> int | None:
    return int(text) if len(text) <= MAX_DIGITS else None


def _bounded(value: Any, depth: int) -> Any:
    if isinstance(value, dict):
        return {key: _bounded(each, depth - 1) for key, each in value.items()} if depth else None
    if isinstance(value, list):
        return [_bounded(each, depth - 1) for each in value] if depth else None
    return value


def is_same_input(sent: Mapping[str, Any], listed: Any) -> bool:
    """Whether a listed prediction has the input that we sent: the provider may have added its
    defaults, and URLs are signed again each time.
    """
    if not isinstance(listed, dict):
        return False
    return all(
        name in listed and _unsigned(listed[name]) == _unsigned(value)
        for name, value in sent.items()
    )


def _unsigned(value: Any) -> Any:
    if isinstance(value, str):
        is_address = value.startswith(("https://", "http://"))
        return value.partition("?")[0] if is_address else value
    if isinstance(value, list | tuple):
        return [_unsigned(each) for each in value]
    if isinstance(value, Mapping):
        return {name: _unsigned(each) for name, each in value.items()}
    return value
