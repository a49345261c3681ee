"""How values look on the wire: money, times, and the two spellings of field names."""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

CENT = Decimal("0.01")
VERBATIM = frozenset({"metadata", "input"})
"""Fields whose content is the client's own and keeps its spelling."""


def money(amount: Decimal) -> str:
    """USD as a decimal string with at least two places."""
    short = amount.normalize()
    return f"{short if short.as_tuple().exponent < -2 else amount.quantize(CENT):f}"  # type: ignore[operator]


def iso_timestamp(at: datetime | None) -> str | None:
    """ISO 8601 in UTC with `Z`, to the millisecond."""
    if at is None:
        return None
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


def snake_case(value: Any) -> Any:
    """The same document with snake_case field names."""
    if isinstance(value, Mapping):
        return {snake(k): v if k in VERBATIM else snake_case(v) for k, v in value.items()}
    if isinstance(value, list):
        return [snake_case(v) for v in value]
    return value
