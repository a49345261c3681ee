"""Output: results to standard output, everything else to standard error."""

import json
import os
import sys
import unicodedata
from collections.abc import Callable
from typing import IO, Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from imagebatch_cli.errors import CliError, InterruptedWaitError, OutputClosedError, ProblemError

PIPE_WIDTH = 160
FIRST_COLUMNS = ("row", "column", "loc", "field", "value", "message", "suggestion")
HIDDEN_COLUMNS = {"type", "code", "url"}


def plain(value: Any) -> str:
    """Remove terminal control sequences from untrusted text."""
    text = "" if value is None else str(value)
    return "".join(
        " " if unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp"} else char for char in text
    )


class Output:
    """`as_json`: standard output gets one JSON document; `stdout_taken`: it gets the archive."""

    def __init__(
        self, *, as_json: bool = False, stdout_taken: bool = False, show_progress: bool = True
    ) -> None:
        self.as_json = as_json
        self.show_progress = show_progress
        self.err = _console(sys.stderr)
        self._out = self.err if stdout_taken else _console(sys.stdout)

    def print_message(self, text: str) -> None:
        """Print a message for the user."""
        self.err.print(plain(text))

    def print_address(self, text: str, url: str) -> None:
        """Print a URL on one line, however narrow the terminal is, so that it can be copied."""
        self.print_message(text)
        self.err.print(plain(url), soft_wrap=True)

    @property
    def terminal_width(self) -> int | None:
        """Return None if the result goes to a file or a pipe."""
        return self._out.width if self._out.is_terminal else None

    def result(self, document: Any, render: Callable[[], RenderableType]) -> None:
        try:
            if self.as_json:
                print_json(document)
            else:
                self._out.print(render())
        except BrokenPipeError as error:
            raise OutputClosedError("Standard output is closed") from error

    def print_error(self, error: CliError) -> None:
        label = "" if isinstance(error, InterruptedWaitError) else "error: "
        self.err.print(Text(label, style="bold red").append(plain(error.message), style="bold"))
        detail = error.detail if isinstance(error, ProblemError) else ""
        if detail and detail != error.message:
            self.print_message(detail)
        if error.details:
            self.err.print(details_table(error.details))
        for line in error.hint.splitlines():
            self.print_message(line)
        if self.as_json:
            print_json(error.document())


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Raise the error: Rich would exit with 1, which means failed rows here."""
        raise  # noqa: PLE0704 (Rich calls this while it handles the BrokenPipeError)


def _console(file: IO[str]) -> Console:
    wide = not file.isatty() and "COLUMNS" not in os.environ
    return _Console(
        file=file,
        width=PIPE_WIDTH if wide else None,
        markup=False,
        highlight=False,
        emoji=False,
        soft_wrap=False,
    )


def print_json(document: Any) -> None:
    readable = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    print(json.dumps(document, indent=2, ensure_ascii=not readable), flush=True)


def table(*columns: str, ids: int = 0) -> Table:
    """A plain table; its first `ids` columns are never wrapped, so that they can be copied."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for place, column in enumerate(columns):
        made.add_column(column, no_wrap=place < ids, overflow="fold")
    return made


def details_table(details: list[Any]) -> RenderableType:
    """Render a problem's details: one row each, with the columns that any of them has."""
    entries = [d if isinstance(d, dict) else {"message": d} for d in details]
    columns = _columns(entries)
    made = table(*columns)
    for entry in entries:
        made.add_row(*(_cell(entry.get(column)) for column in columns))
    return made


def _columns(entries: list[dict[str, Any]]) -> list[str]:
    keys = dict.fromkeys(key for entry in entries for key in entry)
    first = [key for key in FIRST_COLUMNS if key in keys]
    return first + [key for key in keys if key not in {*first, *HIDDEN_COLUMNS}]


def _cell(value: Any) -> Text:
    if isinstance(value, list):
        value = ".".join(str(part) for part in value)
    return Text(plain(value))
