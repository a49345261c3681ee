"""Derives file names from user input: safe on every system and in a ZIP, unique per batch."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache

from imagebatch.domain.archive_names import ARCHIVE_NAMES

STEM_PARTS = ("make", "model", "year", "body_style", "trim", "background")
MAX_STEM_BYTES = 95
"""Keeps the name with its extension within 100 bytes."""
_FORBIDDEN = frozenset('/\\:*?"<>|')
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_SPACES = re.compile(r"\s+")
_DOTS = re.compile(r"\.{2,}")
_RESERVED = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$", "clock$"}
    | {f"{device}{number}" for device in ("com", "lpt") for number in range(10)}
)


def car_stem(values: Mapping[str, str], index: int) -> str:
    """Return the name of a car's image without its extension; `index` is 0-based.

    A row without its own naming values is `car-{index}`; every other name includes the background,
    even the default one.
    """
    parts = [_part(values.get(name, "")) for name in STEM_PARTS]
    if not any(parts):
        return f"car-{index}"
    parts[-1] = parts[-1] or "white"
    return safe_stem("-".join(part for part in parts if part))


def safe_stem(text: str) -> str:
    """Return `text` as a file name without extension; empty if no character can be used."""
    spaced = _SPACES.sub("_", unicodedata.normalize("NFC", text).strip())
    kept = "".join(map(_safe, spaced))
    name = unicodedata.normalize("NFC", _DOTS.sub(".", kept))
    stem = _cut(name.lstrip("._- "), MAX_STEM_BYTES)
    return _cut(f"_{stem}", MAX_STEM_BYTES) if _is_reserved(stem) else stem


_part = lru_cache(maxsize=1024)(safe_stem)
"""The rows of a sheet share most of their makes, years and backgrounds."""


def unique_stems(stems: Iterable[str]) -> list[str]:
    """Return the stems, repeated ones with -2, -3 ...; case and Unicode form are ignored."""
    taken: set[str] = set()
    last: dict[str, int] = {}
    unique = []
    for stem in stems:
        name, number = stem, last.get(_key(stem), 1)
        while _key(name) in taken:
            number += 1
            suffix = f"-{number}"
            name = _cut(stem, MAX_STEM_BYTES - len(suffix)) + suffix
        last[_key(stem)] = number
        taken.add(_key(name))
        unique.append(name)
    return unique


@lru_cache(maxsize=4096)
def _safe(char: str) -> str:
    if unicodedata.category(char) in _INVISIBLE:
        return ""
    compatible = unicodedata.normalize("NFKC", char)
    looks_forbidden = not _FORBIDDEN.isdisjoint(compatible) or (char != "." and "." in compatible)
    return "_" if looks_forbidden or compatible.isspace() else char


def _cut(text: str, size: int) -> str:
    """Return at most `size` bytes of UTF-8, cut between characters, without a dot or dash at the
    end.
    """
    return text.encode()[:size].decode(errors="ignore").rstrip("._- ")


def _is_reserved(stem: str) -> bool:
    """Whether a system or the archive uses the name."""
    device = _key(stem.partition(".")[0]).strip(" _")
    return device in _RESERVED or _key(stem) in ARCHIVE_NAMES


def _key(stem: str) -> str:
    if stem.isascii():
        return stem.lower()
    folded = unicodedata.normalize("NFKC", stem).casefold()
    return unicodedata.normalize("NFKC", folded)
