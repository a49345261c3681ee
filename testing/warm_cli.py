"""The command in a process of its own, of an interpreter that has imported it already.

A start takes most of a second of imports; a fork of one that has them takes a few hundredths. Each
command still has its own memory, environment, folder, files and exit status. Its pauses are a tenth
as long unless a test is about them.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parents[1]
LATER = ("httpcore", "typer._adapters", "typer.rich_utils", "zoneinfo", "encodings.idna")
REQUEST = 1 << 16
PATIENCE = 120
"""Seconds, as much as a busy machine may need for a command."""


class WarmCli:
    """An interpreter that has imported the command and is forked for each run of it."""

    def __init__(self) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "cli"), "LANG": "C.UTF-8"}
        with theirs:
            self._server = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                env=env,
                pass_fds=[theirs.fileno()],
            )

    def run(
        self,
        words: Sequence[str],
        env: Mapping[str, str],
        cwd: Path,
        files: Sequence[IO[bytes]],
        patience: float = PATIENCE,
        *,
        short_pauses: bool = True,
    ) -> int:
        """The exit status, or a signal's number below zero; `files` are the three standard ones."""
        given = {"words": list(words), "env": dict(env), "cwd": str(cwd)}
        request = json.dumps({**given, "short_pauses": short_pauses}).encode()
        status, told = os.pipe()
        try:
            socket.send_fds(self._ours, [request], [told, *(file.fileno() for file in files)])
            os.close(told)
            ready, _, _ = select.select([status], [], [], patience)
            assert ready, f"not over after {patience} seconds: {words}"
            return os.waitstatus_to_exitcode(int(os.read(status, 16)))
        finally:
            os.close(status)

    def close(self) -> None:
        self._ours.close()
        self._server.wait(PATIENCE)


def serve(channel: socket.socket) -> None:
    """Until the other side is closed."""
    from imagebatch_cli import app  # noqa: F401 - what takes the time

    _import_what_commands_do()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        content, files, _, _ = socket.recv_fds(channel, REQUEST, 4)
        if not content:
            return
        if os.fork() == 0:
            channel.close()
            _answer(json.loads(content), *files)
        for file in files:
            os.close(file)


def _import_what_commands_do() -> None:
    """The imports that a command leaves until it needs them take twice as long as the command."""
    from keyring.backend import get_all_keyring

    for name in LATER:
        import_module(name)
    get_all_keyring()  # the backends that this system has, found once


def _answer(request: Mapping[str, Any], told: int, *files: int) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    command = os.fork()
    if command == 0:
        os.close(told)
        _become(request, files)
    _, status = os.waitpid(command, 0)
    with suppress(BrokenPipeError):
        os.write(told, str(status).encode())
    os._exit(0)


def _become(request: Mapping[str, Any], files: Sequence[int]) -> None:
    """Everything that a new process would have been given."""
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    if request["short_pauses"]:
        _shorten_pauses()
    os.chdir(request["cwd"])
    sys.argv = request["words"]
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(number, mode, encoding="utf-8", errors=errors)
        for number, (mode, errors) in enumerate(
            [("r", "surrogateescape"), ("w", "surrogateescape"), ("w", "backslashreplace")]
        )
    )
    os._exit(_run())


def _shorten_pauses() -> None:
    """Sleep a tenth of what is asked for; the clocks say that all of it has passed."""
    skipped = 0.0
    sleep, monotonic, wall = time.sleep, time.monotonic, time.time

    def pause(seconds: float) -> None:
        nonlocal skipped
        sleep(seconds / 10)
        skipped += seconds - seconds / 10

    shortened = {
        "sleep": pause,
        "monotonic": lambda: monotonic() + skipped,
        "time": lambda: wall() + skipped,
    }
    vars(time).update(shortened)


def _run() -> int:
    from imagebatch_cli.app import main

    try:
        main()
    except SystemExit as ended:
        return _flushed(ended.code)
    except BaseException:  # noqa: BLE001 - as the interpreter ends with whatever is raised
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
        return _flushed(1)
    return _flushed(0)


def _flushed(status: object) -> int:
    if isinstance(status, str):
        print(status, file=sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    return status if isinstance(status, int) else int(status is not None)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
