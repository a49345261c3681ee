"""The program that `starts` runs: imports a function once and forks its environments.

The first process has the SDK, its service models and the layer's libraries. Of it one process per
function is forked, which imports the function's module with the function's own variables, and of
that one the environments. Each runs the emulator's own worker script, which finds the module
imported.
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
from pathlib import Path
from typing import Any

MAX_MESSAGE_BYTES = 1024 * 1024
COMMON = ("boto3", "aws_lambda_powertools", "pydantic", "imagebatch.domain.batch")
"""What nearly every function imports; none of it reads the environment meanwhile."""

SERVICES = ("dynamodb", "s3", "sqs", "stepfunctions")
"""Whose clients nearly every environment creates."""

END_OF_LOG = "end of an invocation's log"

type Become = Callable[[dict[str, Any], list[int]], None]


def main() -> None:
    control = socket.socket(fileno=int(sys.argv[1]))
    sys.path[0:1] = []  # nothing of this folder is a function's
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the ends of children are nobody's to collect
    extend_path(sys.argv[2:])
    for name in COMMON:
        with contextlib.suppress(ImportError):  # a layer of another template
            importlib.import_module(name)
    share_service_models()
    serve(control, become_function)


def share_service_models() -> None:
    """Parse the SDK's models of these services once: most of what an environment's clients cost."""
    import boto3
    import botocore.session

    loader = botocore.session.create_loader()
    botocore.session.create_loader = lambda *_: loader
    session: Any = boto3.Session("key", "secret", region_name="us-east-1")
    for service in SERVICES:
        session.client(service)


def serve(control: socket.socket, become: Become) -> None:
    """Fork a process for each request, with the descriptors that came with it."""
    gc.freeze()  # so that a child's collector does not write to what it shares
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, MAX_MESSAGE_BYTES, 3)
        if not message:
            os._exit(0)
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
    serve(control, become_environment)


def become_environment(request: dict[str, Any], descriptors: list[int]) -> None:
    for standard, descriptor in enumerate(descriptors):
        os.dup2(descriptor, standard)
        os.close(descriptor)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    enter(request)
    sys.stdout = Answers(sys.__stdout__)
    script = request["script"]
    exec(compile(Path(script).read_text(), script, "exec"), {"__name__": "__main__"})  # noqa: S102 - the emulator's own


class Answers:
    """The script's way to the emulator: what was logged comes first, and its end is marked."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.flush = stream.flush

    def write(self, line: str) -> None:
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
