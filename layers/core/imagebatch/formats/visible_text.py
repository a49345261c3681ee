"""Detects which characters of a text are visible."""

import re
import unicodedata
from functools import lru_cache

_FILLERS = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5")
"""Invisible characters of the categories Lo, So and Mn."""
SPACES = "".join(chr(c) for c in range(0x3001) if chr(c).isspace())
INVISIBLE = "".join(
    chr(c)
    for c in (*range(0x10000), *range(0xE0000, 0xE0200))
    if unicodedata.category(chr(c)) == "Cf" or chr(c) in _FILLERS or 0xFE00 <= c <= 0xFE0F
)
BLANK = SPACES + INVISIBLE
"""A text of only these characters is invisible."""
_SHOWN_BY_NUMBER = re.compile(f"[{re.escape(INVISIBLE)}\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def strip_blank(text: str) -> str:
    """The text without white space and invisible characters at its ends."""
    return text.strip(BLANK)


def show_invisible(text: str) -> str:
    """Return the text with invisible characters written as `U+200B`."""
    return _SHOWN_BY_NUMBER.sub(lambda match: f"U+{ord(match[0]):04X}", text)


@lru_cache(maxsize=4096)
def folded_name(text: str) -> str:
    """Return a name for comparison: compatibility forms, case, invisible characters and the choice
    of space, hyphen or underscore make no difference.
    """
    visible = unicodedata.normalize("NFKC", text).translate(_REMOVED)
    return "_".join(re.split(r"[\s\-_]+", visible.strip().casefold().strip("_- ")))


_REMOVED = dict.fromkeys(map(ord, INVISIBLE))
