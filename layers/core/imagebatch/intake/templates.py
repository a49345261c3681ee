"""Prompt templates: `{{make}}` is replaced, `{{#color}} painted {{color}}{{/color}}` needs a value.

A missing value is removed together with the spaces, commas and brackets that it would leave behind.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

_NAME = r"[^\W\d_A-Z][^\WA-Z]*"
_PLACEHOLDER = re.compile(r"\{\{\s*(" + _NAME + r")\s*\}\}")
_SECTION = re.compile(r"\{\{#(" + _NAME + r")\}\}((?:(?!\{\{#).)*?)\{\{/\1\}\}", re.DOTALL)
_VALUE = "\x00"
# Leftovers in the template's own text, in tidying order. Values are not yet inserted, so nothing in
# a cell is changed.
_LEFTOVERS = (
    (re.compile(r"\s+"), " "),
    (re.compile(r"([(\[]) ?(?:[,;:/-] ?)*([)\]])"), ""),
    (re.compile(r"([(\[]) ?(?:[,;:] ?)+"), r"\1"),
    (re.compile(r"(?: ?[,;:])+ ?([)\].!?])"), r"\1"),
    (re.compile(r"([,;:])(?: ?[,;:])+"), r"\1"),
    (re.compile(r"([.!?])(?: [.,;:])+"), r"\1"),
    (re.compile(r" ([,;:.!?)\]])"), r"\1"),
    (re.compile(r"([(\[]) "), r"\1"),
    (re.compile(r"^[ ,;:.]+|[ ,;:]+$"), ""),
)


class Template:
    """ValueError for a malformed template."""

    def __init__(self, text: str) -> None:
        self._text = text.replace(_VALUE, "")
        opened = _SECTION.sub(r"{{\1}}\2", self._text)
        while _SECTION.search(opened):
            opened = _SECTION.sub(r"{{\1}}\2", opened)
        rest = _PLACEHOLDER.sub("", opened)
        if "{{" in rest or "}}" in rest:
            raise ValueError("not a prompt template: a placeholder or section is not well-formed")
        self.names = frozenset(_PLACEHOLDER.findall(opened))
        self.required_names = frozenset(_required(self._text))
        # The rows of a sheet have few different sets of non-empty columns.
        self._frame_of = lru_cache(maxsize=256)(self._frame)

    def render(self, values: Mapping[str, str]) -> str:
        """Return the prompt; values are inserted unchanged, except that white space is squeezed."""
        present = {name: squeezed for name, text in values.items() if (squeezed := squeeze(text))}
        first, rest = self._frame_of(self.names.intersection(present))
        pieces = [text for name, literal in rest for text in (present[name], literal)]
        return squeeze("".join([first, *pieces]))

    def _frame(self, present: frozenset[str]) -> tuple[str, list[tuple[str, str]]]:
        """Return the text before the first value, and each value's name with the text after it."""
        text = self._text
        while _SECTION.search(text):
            text = _SECTION.sub(lambda match: match[2] if match[1] in present else "", text)
        used = [name for name in _PLACEHOLDER.findall(text) if name in present]
        frame = _PLACEHOLDER.sub(lambda match: _VALUE if match[1] in present else "", text)
        first, *literals = _tidy(frame).split(_VALUE)
        return first, list(zip(used, literals, strict=True))


def _required(text: str) -> list[str]:
    """Return the placeholders outside a section of their own name."""
    found = _SECTION.search(text)
    while found:
        inner = _PLACEHOLDER.sub(lambda m, own=found[1]: "" if m[1] == own else m[0], found[2])
        text = text[: found.start()] + inner + text[found.end() :]
        found = _SECTION.search(text)
    return _PLACEHOLDER.findall(text)


def squeeze(text: str) -> str:
    return " ".join(text.split())


def _tidy(frame: str) -> str:
    before = None
    while frame != before:
        before = frame
        for pattern, replacement in _LEFTOVERS:
            frame = pattern.sub(replacement, frame)
    return frame
