"""Undoes lossless changes that programs make to a CSV before it is parsed, with a notice."""

import re

from imagebatch.domain.notice import Notice
from imagebatch.formats.csv_parse import DELIMITERS

_SEPARATOR_LINE = re.compile(r'\A"?sep=([^\r\n])"?[ \t]*(?:\r\n|\r|\n|\Z)', re.IGNORECASE)


def repair_text(text: str) -> tuple[str, str | None, tuple[Notice, ...]]:
    """Return the text, the delimiter of its `sep=` line, and the repairs."""
    text = text.removeprefix("\ufeff")
    notices = []
    if text.rstrip("\r\n").endswith("\x1a"):
        text = text.rstrip("\r\n\x1a")
        notices.append(Notice("control-z", "The Ctrl-Z at the end of the file is ignored."))
    if _doubled_returns(text):
        text = text.replace("\r\r\n", "\r\n")
        notices.append(Notice("line-ends", "Line ends of CR CR LF are read as one line end each."))
    if "\x0b" in text:
        text = text.replace("\x0b", " ")
        notices.append(Notice("soft-return", "Soft returns (U+000B) are read as spaces."))
    delimiter = None
    if (found := _SEPARATOR_LINE.match(text)) and found[1] in DELIMITERS:
        delimiter, text = found[1], text[found.end() :]
        notices.append(Notice("separator-line", "The line that sets the separator is not a row."))
    return text, delimiter, tuple(notices)


def _doubled_returns(text: str) -> bool:
    """Whether the first line ends as the CSV writer of Python's text mode on Windows ends it."""
    first = text.find("\n")
    return first >= 2 and text[first - 2 : first] == "\r\r"
