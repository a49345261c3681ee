"""The base class of the product's values, and `replace`.

msgspec's structs behave as dataclasses with slots do, but cost a cold start a thirtieth of them:
they generate no code (docs/decisions/0075).
"""

from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import asdict, fields

if TYPE_CHECKING:
    # To mypy a struct is a dataclass, and of this function it checks the changes.
    from dataclasses import replace
else:
    from copy import replace

__all__ = ["Struct", "asdict", "field", "fields", "replace"]
