"""Reads a cell's value as displayed, whatever program wrote it."""

import re
from collections import defaultdict
from collections.abc import Iterator

from imagebatch.domain.notice import Notice
from imagebatch.formats.visible_text import strip_blank

_EMPTY = frozenset(
    ["NaN", "nan", "NAN", "None", "null", "NULL", "<NA>", "NaT", "#N/A", "-", "\u2013", "\u2014"]
)
_FORMULA_TEXT = re.compile(r'="((?:[^"]|"")*)"')
_TEXT_MARK = re.compile(r"'([=+\-@].*|(?=[^\d]*\d)[\d.,:/\- ]+)", re.DOTALL)
_WHOLE_FLOAT = re.compile(r"(\d{1,15})\.0+")
NUMBERS = frozenset({"year", "seed"})
"""Columns of whole numbers, which some programs write with a decimal point."""
_MESSAGES = {
    "empty-value": "{many} {cells} {say} {value}, which is read as empty.",
    "whole-number": "{many} {cells} {say} {value} or similar, read as a whole number.",
    "text-mark": "{many} {cells} {say} {value} or similar, read as the text that it shows.",
    "ratio": "{many} {cells} {say} {value} or similar, read as {meant}.",
}


class CellReader:
    """Reads cell after cell and records its interpretations, for the notices."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], list[tuple[int, str, str]]] = defaultdict(list)

    def read(self, cell: str, column: str, row: int) -> str:
        value = strip_blank(cell)
        if value.isalnum() and value not in _EMPTY:
            return value
        return self._understood(value, column, row)

    def note(self, code: str, column: str, row: int, value: str, meant: str) -> None:
        self._seen[code, column].append((row, value, meant))

    def notices(self) -> Iterator[Notice]:
        for (code, column), found in self._seen.items():
            row, value, meant = found[0]
            many = len(found)
            message = _MESSAGES[code].format(
                many=many,
                cells="cell" if many == 1 else "cells",
                say="says" if many == 1 else "say",
                value=value[:40],
                meant=meant,
            )
            yield Notice(code, f"{column}: {message}", row=row, column=column)

    def _understood(self, value: str, column: str, row: int) -> str:
        if value in _EMPTY:
            self.note("empty-value", column, row, value, "")
            return ""
        if found := _FORMULA_TEXT.fullmatch(value) or _TEXT_MARK.fullmatch(value):
            meant = strip_blank(found[1].replace('""', '"'))
            self.note("text-mark", column, row, value, meant)
            return self._understood(meant, column, row) if meant != value else meant
        if column in NUMBERS and (found := _WHOLE_FLOAT.fullmatch(value)):
            self.note("whole-number", column, row, value, found[1])
            return found[1]
        return value
