"""The program that `starts` runs: imports a function once and forks its environments.

The first process has the SDK, its service models and the layer's libraries. Of it one process per
function is forked, which imports the function's module with the function's own variables, and of
that one the environments. Each runs the emulator's own worker script, which finds the module
imported, and what earlier environments have imported during their invocations: half of what a first
invocation cost.
"""

import contextlib
import gc
import importlib
import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

MAX_MESSAGE_BYTES = 1024 * 1024
COMMON = ("boto3", "aws_lambda_powertools", "pydantic", "imagebatch.domain.batch")
"""What nearly every function imports; none of it reads the environment meanwhile."""

SERVICES = ("dynamodb", "s3", "sqs", "stepfunctions")
"""Whose clients nearly every environment creates."""

END_OF_LOG = "end of an invocation's log"

type Become = Callable[[dict[str, Any], list[int]], None]


class Imports:
    """The names of what a function's environments have imported; nothing else is kept of them.

    The list is beside the layer's content, so that it lasts as long and serves later emulators.
    Half a line, which an environment leaves that is killed, is a module that nobody finds.
    """

    def __init__(self, cwd: str, layers: list[str], module: str) -> None:
        self._file = Path([*layers, cwd][0]) / f"{Path(cwd).name}-{module}.imports"
        self._known: set[str] = set()

    def repeat(self) -> None:
        """Import all of it, in the process of which the next environment is forked."""
        with contextlib.suppress(OSError):
            for name in self._file.read_text().split():
                self._import(name)
        self._known.update(sys.modules)
        gc.freeze()  # so that a child's collector does not write to what it shares

    def _import(self, name: str) -> None:
        if name not in self._known:
            self._known.add(name)
            with contextlib.suppress(Exception):
                importlib.import_module(name)

    def tell(self) -> None:
        """Add what this environment has imported since its start, packages before their parts."""
        if new := [name for name in list(sys.modules) if name not in self._known]:
            self._known.update(new)
            with contextlib.suppress(OSError), self._file.open("ab", buffering=0) as file:
                file.write("\n".join(["", *new, ""]).encode())


def main() -> None:
    control = socket.socket(fileno=int(sys.argv[1]))
    sys.path[0:1] = []  # nothing of this folder is a function's
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the ends of children are nobody's to collect
    extend_path(sys.argv[2:])
    for name in COMMON:
        with contextlib.suppress(ImportError):  # a layer of another template
            importlib.import_module(name)
    share_service_models()
    serve(control, become_function, gc.freeze)


def share_service_models() -> None:
    """Parse the SDK's models of these services once: most of what an environment's clients cost."""
    import boto3
    import botocore.session

    loader = botocore.session.create_loader()
    botocore.session.create_loader = lambda *_: loader
    session: Any = boto3.Session("key", "secret", region_name="us-east-1")
    for service in SERVICES:
        session.client(service)


def serve(control: socket.socket, become: Become, prepare: Callable[[], None]) -> None:
    """Fork a process for each request, with the descriptors that came with it."""
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, MAX_MESSAGE_BYTES, 3)
        if not message:
            os._exit(0)
        prepare()
        child = os.fork()
        if not child:
            control.close()
            become(json.loads(message), descriptors)
            os._exit(0)
        for descriptor in descriptors:
            os.close(descriptor)
        control.send(str(child).encode())


def become_function(request: dict[str, Any], descriptors: list[int]) -> None:
    [descriptor] = descriptors
    control = socket.socket(fileno=descriptor)
    enter(request)
    extend_path([request["cwd"], *request["layers"]])
    sys.stdout = sys.stderr  # as the worker script has it while it imports
    try:
        importlib.import_module(request["module"])
    except BaseException:  # noqa: BLE001 - its own words come from a start as usual
        os._exit(1)
    control.send(b"ready")
    imports = Imports(request["cwd"], request["layers"], request["module"])
    serve(control, partial(become_environment, imports), imports.repeat)


def become_environment(imports: Imports, request: dict[str, Any], descriptors: list[int]) -> None:
    for standard, descriptor in enumerate(descriptors):
        os.dup2(descriptor, standard)
        os.close(descriptor)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    enter(request)
    sys.stdout = Answers(sys.__stdout__, imports.tell)
    script = request["script"]
    exec(compile(Path(script).read_text(), script, "exec"), {"__name__": "__main__"})  # noqa: S102 - the emulator's own


class Answers:
    """The script's way to the emulator: what was logged comes first, and its end is marked."""

    def __init__(self, stream: Any, before: Callable[[], None]) -> None:
        self._stream, self._before = stream, before
        self.flush = stream.flush

    def write(self, line: str) -> None:
        self._before()  # the emulator may end this process after its answer
        sys.stderr.write(f"{END_OF_LOG}\n")
        sys.stderr.flush()
        self._stream.write(line)


def enter(request: dict[str, Any]) -> None:
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])


def extend_path(folders: list[str]) -> None:
    """As the worker script does it: what comes later is found first."""
    for folder in folders:
        python = Path(folder) / "python"
        sys.path[:0] = [folder, str(python)] if python.is_dir() else [folder]


if __name__ == "__main__":
    main()
