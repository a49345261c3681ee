"""The base class of the product's values, and `replace`.

Structs behave like dataclasses with slots, but no code is generated for them: each class costs a
cold start a thirtieth as much (docs/decisions/0075-structs-instead-of-dataclasses.md).
"""

from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import asdict, fields

if TYPE_CHECKING:
    # mypy treats a struct as a dataclass, and checks the changes given to this function only.
    from dataclasses import replace
else:
    from copy import replace

__all__ = ["Struct", "asdict", "field", "fields", "replace"]
