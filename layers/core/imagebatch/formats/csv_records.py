"""Reads CSV text record by record, with PapaParse 5's treatment of quotes, in linear time."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from imagebatch.structs import Struct

MAX_COLUMNS = 16_384
"""A spreadsheet's maximum; PapaParse has no limit."""
MAX_PARSE_ERRORS = 100
"""After this many errors, reading stops."""
# The characters that JavaScript's trim() removes, which differ from Python's strip().
_SPACE = r"[\t-\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]"
_QUOTES = re.compile(r'"*+')
# The last quote of an odd run: the one that may close a field. A lookbehind finds a run's start, so
# that the search keeps its literal first character and its speed.
_ODD_RUN = r'("(?<!"")(?:"")*+)(?!")'
_CANDIDATE = re.compile(_ODD_RUN)


class ParseError(Struct, frozen=True):
    """One of PapaParse's errors; `row` is the spreadsheet's."""

    type: str
    code: str
    message: str
    row: int


class Record(Struct):
    """One line of the sheet; `cells` are omitted if there are more than requested."""

    row: int
    count: int
    cells: list[str]
    blank: bool
    errors: Sequence[ParseError] = ()


class TooWideError(ValueError):
    """A record has more fields than a spreadsheet has columns."""

    def __init__(self, row: int) -> None:
        super().__init__(row)
        self.row = row


class RecordReader:
    """Reads record after record. Rows are numbered as in a spreadsheet: blank lines count.

    A record of only delimiters is blank, and the characters in `ignorable` do not count as content.
    """

    def __init__(self, text: str, delimiter: str, newline: str, *, ignorable: str = "") -> None:
        self._text = text
        self._delimiter = delimiter
        self._ignorable = ignorable
        self._nothing = delimiter + ignorable
        self._newline = newline
        self._position = 0
        self._row = 0
        self._quote = -1
        d, n = re.escape(delimiter), re.escape(newline)
        plain = rf"[^{d}{n}]*+" if len(newline) == 1 else rf"(?:[^{d}\r]++|\r(?!\n))*+"
        closed = rf"(?:{_SPACE}*?(?:({d})|{n})|\Z)"
        self._field = re.compile(
            rf'"([^"]*+(?:""[^"]*+)*+)"{closed}|(?!")({plain})(?:({d})|{n}|\Z)'
        )
        self._empty_lines = re.compile(rf"(?:{n})*+")
        self._closing = re.compile(_ODD_RUN + closed)

    def read(self, keep: int) -> Record | None:
        """Return the next record, with its cells if they are at most `keep`; None at the end.

        TooWideError past MAX_COLUMNS fields; reading cannot continue after it.
        """
        start = self._position
        if start >= len(self._text):
            return None
        self._row += 1
        end = self._text.find(self._newline, start)
        end = len(self._text) if end < 0 else end
        if self._next_quote(start) >= end:
            return self._read_plain(start, end, keep)
        return self._read_quoted(start, keep)

    def skip_empty_lines(self) -> None:
        run = self._empty_lines.match(self._text, self._position)
        if run and run[0]:
            self._row += len(run[0]) // len(self._newline)
            self._position = run.end()

    def records(self, keep: int) -> Iterator[Record]:
        while (record := self.read(keep)) is not None:
            yield record

    def _next_quote(self, start: int) -> int:
        if self._quote < start:
            found = self._text.find('"', start)
            self._quote = len(self._text) if found < 0 else found
        return self._quote

    def _read_plain(self, start: int, end: int, keep: int) -> Record:
        self._position = end + len(self._newline)
        line = self._text[start:end]
        count = line.count(self._delimiter) + 1
        if count > MAX_COLUMNS:
            raise TooWideError(self._row)
        cells = line.split(self._delimiter) if count <= keep else []
        return Record(self._row, count, cells, not line.strip(self._nothing))

    def _read_quoted(self, start: int, keep: int) -> Record:
        errors: list[ParseError] = []
        record = Record(self._row, 0, [], True, errors)
        self._position = start
        more = True
        while more:
            value, more = self._read_field(errors)
            record.count += 1
            if record.count > MAX_COLUMNS:
                raise TooWideError(self._row)
            record.blank = record.blank and not value.strip(self._ignorable)
            if record.count <= keep:
                record.cells.append(value)
        if record.count > keep:
            record.cells.clear()
        return record

    def _read_field(self, errors: list[ParseError]) -> tuple[str, bool]:
        """Read a field, and whether another one follows in this record."""
        match = self._field.match(self._text, self._position)
        if match is None:
            return self._read_broken(errors)
        quoted, more, plain, more_plain = match.groups()
        self._position = match.end()
        if quoted is None:
            return plain, more_plain is not None
        return quoted.replace('""', '"'), more is not None

    def _read_broken(self, errors: list[ParseError]) -> tuple[str, bool]:
        """Read a quoted field whose first closing quote is followed by text, or that has no closing
        quote.
        """
        text, body = self._text, self._position + 1
        run_end = _QUOTES.match(text, body).end()  # type: ignore[union-attr]
        closing = self._closing.search(text, run_end)
        stop = closing.start() if closing else len(text)
        if (room := MAX_PARSE_ERRORS - len(errors)) > 0:
            invalid = (run_end - body) % 2
            invalid += sum(1 for _ in islice(_CANDIDATE.finditer(text, run_end, stop), room))
            errors += [self._quote_error("InvalidQuotes")] * invalid
        if closing is None:
            errors.append(self._quote_error("MissingQuotes"))
            self._position = len(text)
            return text[body:], False
        self._position = closing.end()
        value = text[body : closing.end(1) - 1].replace('""', '"')
        return value, closing[2] is not None

    def _quote_error(self, code: str) -> ParseError:
        return ParseError("Quotes", code, _QUOTE_MESSAGES[code], self._row)


_QUOTE_MESSAGES = {
    "MissingQuotes": "Quoted field unterminated",
    "InvalidQuotes": "Trailing quote on quoted field is malformed",
}
