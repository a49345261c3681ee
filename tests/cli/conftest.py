"""The command as people run it, in a process of its own, against a server that speaks the API.

It is forked from an interpreter that has imported it. What is started in the background or on a
terminal, and what depends on how Python itself starts, gets an interpreter of its own.
"""

import atexit
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import pytest

from testing.fake_api import FakeApi
from testing.warm_cli import PATIENCE, WarmCli

ROOT = Path(__file__).parents[2]
CARS = "make,model,year,background\nToyota,Corolla,2024,white\nBMW,M3,2023,hub\nKia,Rio,,white\n"
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
COLOURS = re.compile(r"\x1b\[[0-9;]*3[0-7][0-9;]*m|\x1b\[[0-9;]*[34]8;[0-9;]*m")


def command() -> list[str]:
    installed = Path(sys.executable).with_name("imagebatch")
    return [str(installed)] if installed.exists() else [sys.executable, "-m", "imagebatch_cli"]


def environment(**given: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {"PYTHONPATH": str(ROOT / "cli")} | given


@pytest.fixture(autouse=True)
def _width_of_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the terminal is wide that the tests were started in."""
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with FakeApi() as running:
        yield running


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    path = tmp_path / "cars.csv"
    path.write_text(CARS)
    return path


@cache
def warm() -> WarmCli:
    made = WarmCli()
    atexit.register(made.close)
    return made


@dataclass
class Cli:
    env: dict[str, str]
    home: Path
    short_pauses: bool = True

    def __call__(self, *words: str | Path, **given: Any) -> subprocess.CompletedProcess[Any]:
        arguments = [*command(), *map(str, words)]
        if not given.keys() - {"text", "input", "timeout"} and not self._asks_for_an_interpreter():
            return self._warm(arguments, **given)
        options = {"capture_output": True, "text": True, "timeout": 60} | given
        return subprocess.run(arguments, env=self.env, cwd=self.home, check=False, **options)

    def _asks_for_an_interpreter(self) -> bool:
        own = {name: text for name, text in self.env.items() if name.startswith("PYTHON")}
        return own != {"PYTHONPATH": str(ROOT / "cli")}

    def _warm(
        self,
        arguments: list[str],
        *,
        text: bool = True,
        input: str | None = None,  # noqa: A002
        timeout: float = PATIENCE,
    ) -> subprocess.CompletedProcess[Any]:
        with TemporaryFile() as given, TemporaryFile() as out, TemporaryFile() as err:
            given.write((input or "").encode())
            given.seek(0)
            files = [given, out, err]
            code = warm().run(
                arguments, self.env, self.home, files, timeout, short_pauses=self.short_pauses
            )
            seen = [_read(stream, text=text) for stream in (out, err)]
        return subprocess.CompletedProcess(arguments, code, *seen)

    def start(self, *words: str | Path) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*command(), *map(str, words)],
            env=self.env,
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def on_terminal(self, *words: str | Path, columns: int = 80) -> tuple[int, str, str]:
        """Exit status, standard output, and what a terminal on standard error was sent."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        arguments = [*command(), *map(str, words)]
        with subprocess.Popen(
            arguments,
            env=self.env | {"TERM": "xterm-256color"},
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=theirs,
            text=True,
        ) as process:
            os.close(theirs)
            seen = _drain(ours)
            out = process.stdout.read() if process.stdout else ""
            return process.wait(30), out, seen


def _read(stream: IO[bytes], *, text: bool) -> str | bytes:
    stream.seek(0)
    content = stream.read()
    return re.sub(r"\r\n?", "\n", content.decode()) if text else content


def _drain(terminal: int) -> str:
    seen = b""
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # how Linux says that the other side is closed
            chunk = b""
        if not chunk:
            os.close(terminal)
            return seen.decode()
        seen += chunk


@pytest.fixture
def cli(api: FakeApi, tmp_path: Path) -> Cli:
    env = environment(
        IMAGEBATCH_URL=api.url,
        IMAGEBATCH_TOKEN="secret-token",
        IMAGEBATCH_CONFIG_DIR=str(tmp_path / "config"),
    )
    return Cli(env, tmp_path)
