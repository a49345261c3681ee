"""The wire format of amounts and times."""

from datetime import datetime
from decimal import Decimal
from typing import overload

CENT = Decimal("0.01")


def money(amount: Decimal) -> str:
    """Format USD as a decimal string with at least two places."""
    short = amount.normalize()
    return f"{short if short.as_tuple().exponent < -2 else amount.quantize(CENT):f}"  # type: ignore[operator]


@overload
def iso_timestamp(at: datetime) -> str: ...
@overload
def iso_timestamp(at: datetime | None) -> str | None: ...
def iso_timestamp(at: datetime | None) -> str | None:
    """Format as ISO 8601 in UTC with `Z`, to the millisecond."""
    if at is None:
        return None
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
