"""Rounds that regenerate chosen items, and which items those were.

A redo is one write to the batch, which stores the list of its items; an item's record changes only
when it is claimed. Once the round is over, the items' own records hold their state, except for
items that a cancel left unclaimed: a cancelled redo therefore keeps its list.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache

from imagebatch.structs import Struct, replace


class Redo(Struct, frozen=True, kw_only=True):
    """The round that regenerated `items`, which are indices as written by `index_ranges`.

    With `note` None each item keeps its earlier note; `seed` replaces the row's own, None means no
    seed.
    """

    round: int
    items: str = ""
    note: str | None = None
    seed: int | None = None

    def includes(self, index: int) -> bool:
        ranges = _ranges(self.items)
        at = bisect_right(ranges, (index, index + 1_000_000)) - 1
        return at >= 0 and ranges[at][0] <= index <= ranges[at][1]

    def ended(self, *, cancelled: bool) -> "Redo":
        """Return the redo as it is stored once the next round has opened."""
        return replace(self, items=self.items if cancelled else "", note=None, seed=None)


def index_ranges(indices: Iterable[int]) -> str:
    """For example `3,7-9`: short for a few items and for all of a large batch."""
    ranges: list[list[int]] = []
    for index in sorted(set(indices)):
        if ranges and index == ranges[-1][1] + 1:
            ranges[-1][1] = index
        else:
            ranges.append([index, index])
    return ",".join(f"{low}" if low == high else f"{low}-{high}" for low, high in ranges)


@lru_cache(maxsize=64)
def _ranges(text: str) -> Sequence[tuple[int, int]]:
    pairs = (part.split("-") for part in text.split(",") if part)
    return [(int(pair[0]), int(pair[-1])) for pair in pairs]
