"""Detects which characters of a text are visible."""

import re
import unicodedata
from functools import lru_cache

_INVISIBLE = (
    (0xAD, 0xAD), (0x34F, 0x34F), (0x600, 0x605), (0x61C, 0x61C), (0x6DD, 0x6DD), (0x70F, 0x70F),
    (0x890, 0x891), (0x8E2, 0x8E2), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180E, 0x180E),
    (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x2064), (0x2066, 0x206F), (0x2800, 0x2800),
    (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF9, 0xFFFB),
    (0xE0001, 0xE0001), (0xE0020, 0xE007F),
)  # fmt: skip
"""The first and last characters of ranges: category Cf, variation selectors, and fillers. Written
out, because a search of all characters would delay every cold start; a test repeats the search.
"""
SPACES = "".join(chr(c) for c in range(0x3001) if chr(c).isspace())
INVISIBLE = "".join(chr(c) for low, high in _INVISIBLE for c in range(low, high + 1))
BLANK = SPACES + INVISIBLE
"""A text of only these characters is invisible."""
_SHOWN_BY_NUMBER = f"[{re.escape(INVISIBLE)}\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]"
"""A pattern that is compiled when it is first used."""


def strip_blank(text: str) -> str:
    """The text without white space and invisible characters at its ends."""
    return text.strip(BLANK)


def show_invisible(text: str) -> str:
    """Return the text with invisible characters written as `U+200B`."""
    return re.sub(_SHOWN_BY_NUMBER, lambda match: f"U+{ord(match[0]):04X}", text)


@lru_cache(maxsize=4096)
def folded_name(text: str) -> str:
    """Return a name for comparison: compatibility forms, case, invisible characters and the choice
    of space, hyphen or underscore make no difference.
    """
    visible = unicodedata.normalize("NFKC", text).translate(_REMOVED)
    return "_".join(re.split(r"[\s\-_]+", visible.strip().casefold().strip("_- ")))


_REMOVED = dict.fromkeys(map(ord, INVISIBLE))
