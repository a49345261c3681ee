"""Other people's tools that read a ZIP."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

TOOLS = {
    "unzip": (["unzip"], "{program} -t {path}"),
    "7z": (["7z", "7zz"], "{program} t {path}"),
    "bsdtar": (["bsdtar"], "{program} -xOf {path}"),
    "bsdtar reading a stream": (["bsdtar"], "{program} -xOf - < {path}"),
}


def read_with(tool: str, path: Path) -> None:
    """Fails where the tool finds anything wrong; skips where it is not installed."""
    programs, command = TOOLS[tool]
    program = next(filter(None, map(shutil.which, programs)), None)
    if program is None:
        pytest.skip(f"{' or '.join(programs)} is not installed")
    line = command.format(program=program, path=path)
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    ran = subprocess.run(["sh", "-c", line], capture_output=True, env=environment)
    assert ran.returncode == 0, ran.stdout + ran.stderr
