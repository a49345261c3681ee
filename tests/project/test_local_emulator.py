"""How a local stack's processes end."""

import json
import subprocess
import sys
from pathlib import Path

import psutil

from local.config import free_port
from local.emulator import Emulator, has_ended

PROGRAM = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
print(child.pid, flush=True)
child.wait()
"""


def test_stop_ends_the_emulator_and_its_functions(tmp_path: Path) -> None:
    emulator = Emulator(free_port(), tmp_path / "home")
    emulator.home.mkdir()
    command = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        family = [psutil.Process(started.pid), psutil.Process(int(started.stdout.readline()))]
        known = {"pid": started.pid, "started": family[0].create_time()}
        emulator.record.write_text(json.dumps(known))
        assert not any(map(has_ended, family))
        emulator.stop()
        assert all(map(has_ended, family))
    assert not emulator.home.exists()
