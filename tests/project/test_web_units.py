"""The web page's own unit tests, which Vitest runs."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

WEB = Path(__file__).parents[2] / "web"


@pytest.fixture
def node() -> str:
    found = shutil.which("npm")
    if not found or not (WEB / "node_modules" / ".bin" / "vitest").exists():
        pytest.skip("the page's packages are not installed: run `npm --prefix web ci`")
    return found


def test_the_pages_unit_tests_pass(node: str) -> None:
    ran = subprocess.run(
        [node, "--prefix", str(WEB), "test"],
        capture_output=True,
        text=True,
        env={**os.environ, "NO_COLOR": "1"},
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "passed" in ran.stdout
