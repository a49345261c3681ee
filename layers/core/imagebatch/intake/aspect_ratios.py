"""Parses aspect ratios as people and spreadsheets write them."""

import re
import unicodedata
from collections.abc import Sequence
from math import log

_PAIR = re.compile(r"0*(\d{1,5})\s*[:x\u00d7*/.\-]\s*0*(\d{1,5})(?::0{1,2}(?:[.,]0+)?)?")
_DECIMAL = re.compile(r"(\d{1,2})[.,](\d{1,18})")
_TO_ONE = re.compile(r"(\d{1,2}(?:[.,]\d{1,6})?)\s*[:x/]\s*1")
_EQUAL = 0.006
"""1.78, 1.33 and 0.56 are this close to the intended ratios."""
_WORDS = {"square": "1:1", "landscape": "16:9", "wide": "16:9", "portrait": "9:16"}


def read_ratio(text: str, ratios: Sequence[str]) -> str | None:
    """Return the one of `ratios` that a text means; None unless it is unambiguous."""
    folded = _folded(text)
    if folded in ratios:
        return folded
    values = _values(folded)
    equal = {r for value in values for r in ratios if abs(log(value) - _log(r)) <= _EQUAL}
    return equal.pop() if len(equal) == 1 else None


def suggest_ratio(text: str, ratios: Sequence[str]) -> str | None:
    """Return the ratio closest in value to the intended one."""
    folded = _folded(text)
    if folded in _WORDS and _WORDS[folded] in ratios:
        return _WORDS[folded]
    values = _values(folded)
    if not values or not ratios:
        return None
    return min(ratios, key=lambda ratio: abs(_log(ratio) - log(values[0])))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()


def _values(text: str) -> list[float]:
    """Return the possible values of a text as width by height; a fraction may be of a day, as Excel
    stores 16:09.
    """
    if (found := _TO_ONE.fullmatch(text)) and "." in found[1].replace(",", "."):
        return _positive(float(found[1].replace(",", ".")))
    if found := _DECIMAL.fullmatch(text):
        value = float(f"{found[1]}.{found[2]}")
        return _positive(value, *_as_time(value))
    if (found := _PAIR.fullmatch(text)) and int(found[1]) and int(found[2]):
        return [int(found[1]) / int(found[2])]
    return []


def _as_time(value: float) -> list[float]:
    """Return hour by minute, if the fraction is a whole minute of the day."""
    minutes = value * 1440
    if not 0 < value < 1 or abs(minutes - round(minutes)) > 0.001:
        return []
    hours, rest = divmod(round(minutes), 60)
    return [hours / rest] if hours and rest else []


def _positive(*values: float) -> list[float]:
    return [value for value in values if value > 0]


def _log(ratio: str) -> float:
    width, height = ratio.split(":")
    return log(int(width) / int(height))
