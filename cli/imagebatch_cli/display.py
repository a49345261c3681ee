"""Live progress on standard error: a bar on a terminal, occasional lines elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import (
    BarColumn,
    DownloadColumn,
    TransferSpeedColumn,
)
from rich.progress import (
    Progress as TransferBar,
)
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from imagebatch_cli.download import Moved
from imagebatch_cli.output import Output, plain
from imagebatch_cli.render import counts, outlook
from imagebatch_cli.watch import Progress

LINE_EVERY_PERCENT = 10
LINE_EVERY_SECONDS = 60.0


class Display(Protocol):
    def show(self, progress: Progress) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *exc_info: object) -> object: ...


def display(output: Output) -> Display:
    if not output.show_progress:
        return Quiet()
    return Bar(output.err) if output.err.is_terminal else Lines(output)


class Quiet:
    def show(self, progress: Progress) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        pass


class Bar:
    def __init__(self, console: Console) -> None:
        # The redirections would send standard output to this console.
        self._live = Live(console=console, redirect_stdout=False, redirect_stderr=False)

    def show(self, progress: Progress) -> None:
        self._live.update(bar(progress), refresh=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._live.stop()


def bar(progress: Progress) -> RenderableType:
    """Two lines that fit any width: the bar takes the remaining width, the text is truncated."""
    line = Table.grid(expand=True, padding=(0, 1, 0, 0))
    line.add_column(no_wrap=True)
    line.add_column(ratio=1)
    line.add_column(no_wrap=True, justify="right")
    mode = " (development mode)" if progress.mode == "development" else ""
    line.add_row(
        Text(plain(progress.status) + mode),
        ProgressBar(total=100, completed=progress.percent),
        Text(f"{progress.percent}%"),
    )
    words = ", ".join(part for part in (counts(progress), outlook(progress)) if part)
    return Group(line, Text(plain(words), no_wrap=True, overflow="ellipsis", style="dim"))


class Lines(Quiet):
    """Print a line when the status changes, for every ten percent, and at least once a minute."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._last: tuple[str, int] | None = None
        self._said_at = 0.0

    def show(self, progress: Progress) -> None:
        step = (progress.status, progress.percent // LINE_EVERY_PERCENT)
        now = time.monotonic()
        if step == self._last and now - self._said_at < LINE_EVERY_SECONDS:
            return
        self._last, self._said_at = step, now
        said = f"{progress.status}: {progress.percent}%, {counts(progress)}"
        self._output.print_message(", ".join(part for part in (said, outlook(progress)) if part))


@contextmanager
def transfer(output: Output) -> Iterator[Moved]:
    """Show a bar while an archive is downloaded, if there is a terminal."""
    if not (output.show_progress and output.err.is_terminal):
        yield lambda _done, _size: None
        return
    columns = ("archive", BarColumn(bar_width=None), DownloadColumn(), TransferSpeedColumn())
    with TransferBar(
        *columns,
        console=output.err,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    ) as transfer_bar:
        task = transfer_bar.add_task("archive", total=None)
        yield lambda done, size: transfer_bar.update(task, completed=done, total=size)
