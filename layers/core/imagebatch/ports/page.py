"""One page of a list."""

from collections.abc import Sequence

from imagebatch.structs import Struct


class Page[T](Struct, frozen=True):
    items: Sequence[T]
    cursor: str | None = None
