"""Starts a function's second environment from a copy of one that has just been imported.

On AWS a cold start costs a suite nothing but time. Here it is the better part of a processor's
second, hundreds of times a run. An environment still starts without any invocation's traces, from
a process that has imported the function with the same variables. Only where FORKED_STARTS is set,
and only on Linux: elsewhere, and when an import fails, an environment starts as usual.
"""

import hashlib
import json
import os
import queue
import select
import signal
import socket
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from contextvars import ContextVar
from functools import wraps
from pathlib import Path
from threading import Lock
from types import SimpleNamespace
from typing import Any

from testing.emulator.layers import PATHS, UnpackedLayers
from testing.emulator.starter import END_OF_LOG

PROGRAM = Path(__file__).with_name("starter.py")
OF_ONE_ENVIRONMENT = {"AWS_LAMBDA_LOG_STREAM_NAME", "LAMBDA_TASK_ROOT"}
"""Differ for each one: with these, no two would be of one function."""


def install() -> None:
    if not (os.environ.get("FORKED_STARTS") and hasattr(os, "pidfd_open")):
        return
    from ministack.core import lambda_runtime

    starting: ContextVar[Any] = ContextVar("starting", default=None)
    starter = Starter(Path(tempfile.gettempdir()) / "code")

    def start(command: Sequence[str], **options: Any) -> Any:
        worker = starting.get()
        if worker and command[0] == sys.executable:
            with suppress(StartError):
                return starter.start(worker, command[1], options["cwd"], options["env"])
        return subprocess.Popen(command, **options)

    lambda_runtime.subprocess = SimpleNamespace(**vars(subprocess) | {"Popen": start})
    worker = lambda_runtime.Worker
    worker._spawn = _remembering(worker._spawn, starting)
    worker._drain_stderr_bounded = _until_its_end(worker._drain_stderr_bounded)


def _remembering(spawn: Callable[[Any], None], starting: ContextVar[Any]) -> Callable[[Any], None]:
    @wraps(spawn)
    def spawned(worker: Any) -> None:
        token = starting.set(worker)
        try:
            spawn(worker)
        finally:
            starting.reset(token)
        worker.marks_its_log = isinstance(worker._proc, Environment)
        if worker.marks_its_log and (log := log_of(worker._stderr_queue)):
            worker._stderr_queue.put(log)  # of its start; the first invocation's as well

    return spawned


def _until_its_end(drain: Callable[..., str]) -> Callable[..., str]:
    """The emulator waits for 50 ms whether more is logged."""

    @wraps(drain)
    def drained(worker: Any, *arguments: Any, **named: Any) -> str:
        if getattr(worker, "marks_its_log", False):
            return log_of(worker._stderr_queue)
        return drain(worker, *arguments, **named)

    return drained


def log_of(lines: queue.Queue[str]) -> str:
    """What was logged until the mark; all that has come if the process has died before it."""
    found: list[str] = []
    with suppress(queue.Empty):
        while not (line := lines.get(timeout=0.25)).endswith(END_OF_LOG):
            found.append(line)
        found.append(line.removesuffix(END_OF_LOG))
    return "\n".join(found).rstrip("\n")


class StartError(Exception):
    """A function cannot be started by a fork."""


class Forker:
    """Has a process fork another one for each request."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._lock = Lock()

    def fork(self, request: Mapping[str, Any], descriptors: Sequence[int]) -> int:
        """Return the new process's ID."""
        with self._lock:
            try:
                socket.send_fds(self._control, [json.dumps(request).encode()], descriptors)
                return int(self._control.recv(100))
            except (OSError, ValueError) as error:
                raise StartError from error

    def close(self) -> None:
        """It ends; what it has forked lives on."""
        self._control.close()


class Starter:
    """The processes of one emulator: one for each set of layers, and one for each function."""

    def __init__(self, home: Path) -> None:
        self._code = UnpackedLayers(home)
        self._lock = Lock()
        self._roots: dict[str, Forker] = {}
        self._processes: list[subprocess.Popen[bytes]] = []
        self._functions: dict[str, Function] = {}

    def start(self, worker: Any, script: str, cwd: str, env: dict[str, str]) -> "Environment":
        function = self._function(worker, env).forker()
        return Environment(function, {"script": script, "cwd": cwd, "env": env})

    def close(self) -> None:
        for each in (*self._functions.values(), *self._roots.values()):
            each.close()
        for process in self._processes:
            process.wait()

    def _function(self, worker: Any, env: Mapping[str, str]) -> "Function":
        common = {name: value for name, value in env.items() if name not in OF_ONE_ENVIRONMENT}
        cwd = str(self._code.folder(worker.code_zip))
        request = {
            "env": {**common, "LAMBDA_TASK_ROOT": cwd},
            "cwd": cwd,
            "module": worker.config["Handler"].rpartition(".")[0].replace("/", "."),
            "layers": _folders(common.get(PATHS, "")),
        }
        key = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
        with self._lock:
            if key not in self._functions:
                self._functions[key] = Function(self._root(request["layers"]), request)
            return self._functions[key]

    def _root(self, layers: list[str]) -> Forker:
        key = os.pathsep.join(layers)
        if key not in self._roots:
            ours, theirs = _pair()
            command = [sys.executable, str(PROGRAM), str(theirs.fileno()), *layers]
            options = {"stdin": subprocess.DEVNULL, "pass_fds": [theirs.fileno()]}
            self._processes.append(subprocess.Popen(command, **options))
            theirs.close()
            self._roots[key] = Forker(ours)
        return self._roots[key]


class Function:
    """What is imported, by the first who needs it."""

    def __init__(self, root: Forker, request: Mapping[str, Any]) -> None:
        self._root, self._request = root, request
        self._lock = Lock()
        self._forker: Forker | None = None

    def forker(self) -> Forker:
        with self._lock:
            if not self._forker:
                self._forker = self._imported()
            return self._forker

    def _imported(self) -> Forker:
        ours, theirs = _pair()
        with theirs:
            self._root.fork(self._request, [theirs.fileno()])
        if ours.recv(100) != b"ready":
            ours.close()
            raise StartError
        return Forker(ours)

    def close(self) -> None:
        if self._forker:
            self._forker.close()


def _pair() -> tuple[socket.socket, socket.socket]:
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def _folders(layers: str) -> list[str]:
    return layers.split(os.pathsep) if layers else []


class Environment:
    """What the emulator uses of `subprocess.Popen`."""

    def __init__(self, function: Forker, request: Mapping[str, Any]) -> None:
        (stdin, self_in), (self_out, stdout), (self_err, stderr) = (os.pipe() for _ in range(3))
        theirs = [stdin, stdout, stderr]
        self.stdin = os.fdopen(self_in, "w", buffering=1, encoding="utf-8")
        self.stdout = os.fdopen(self_out, encoding="utf-8")
        self.stderr = os.fdopen(self_err, encoding="utf-8")
        try:
            self.pid = function.fork(request, theirs)
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        self._process = os.pidfd_open(self.pid)
        weakref.finalize(self, os.close, self._process)

    def poll(self) -> int | None:
        """The process is another's child, who alone is told its exit status."""
        return -signal.SIGKILL if self._has_ended(0) else None

    def wait(self, timeout: float | None = None) -> int:
        if not self._has_ended(timeout):
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return -signal.SIGKILL

    def close(self) -> None:
        for stream in (self.stdin, self.stdout, self.stderr):
            stream.close()

    def _has_ended(self, timeout: float | None) -> bool:
        end = select.poll()  # one object per call: threads may not share it
        end.register(self._process, select.POLLIN)
        return bool(end.poll(None if timeout is None else timeout * 1000))

    def terminate(self) -> None:
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._process, number)
