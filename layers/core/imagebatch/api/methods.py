"""Which methods a path has: what the OpenAPI document lists for it."""

import json
import re
from functools import cache
from importlib.resources import files

_VARIABLE = re.compile(r"\{\w+\}")


def methods_of(path: str) -> list[str]:
    """The methods of a path in capitals; none for a path that the API does not have."""
    for pattern, methods in _paths():
        if pattern.fullmatch(path):
            return methods
    return []


@cache
def _paths() -> list[tuple[re.Pattern[str], list[str]]]:
    """A path that is spelled out comes before one with a variable that would match it too."""
    document = json.loads((files("imagebatch.data") / "openapi.json").read_text("utf-8"))
    ordered = sorted(document["paths"].items(), key=lambda each: "{" in each[0])
    return [(_pattern(path), sorted(map(str.upper, found))) for path, found in ordered]


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile("[^/]+".join(map(re.escape, _VARIABLE.split(path))))
