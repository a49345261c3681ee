"""The command supports older Pythons than the rest of the project."""

import shutil
import subprocess

import pytest

from tests.cli.conftest import ROOT

COMPILE = "import sys\nfor name in sys.argv[1:]: compile(open(name, 'rb').read(), name, 'exec')"


@pytest.mark.slow
@pytest.mark.parametrize("version", ["3.11", "3.12"])
def test_command_compiles_on_python(version: str) -> None:
    found = [p for p in (shutil.which(f"python{version}"), f"/usr/bin/python{version}") if p]
    python = next((p for p in found if _runs(p)), None)
    if python is None:
        pytest.skip(f"there is no Python {version} here")
    files = [str(file) for file in (ROOT / "cli").rglob("*.py")]
    done = subprocess.run([python, "-c", COMPILE, *files], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def _runs(python: str) -> bool:
    """A version manager's shim is there also for versions that are not."""
    try:
        return subprocess.run([python, "-c", ""], capture_output=True, timeout=30).returncode == 0
    except OSError:
        return False
