"""A function starts with few garbage collections, and collects as usual after its first answer."""

import subprocess
import sys

import pytest

CHECK = """
import gc
usual = gc.get_threshold()
from imagebatch import startup
seen = []

@startup.end_with_first_answer
def handler(fails):
    seen.append(gc.get_threshold()[0])
    if fails:
        raise ValueError

for fails in ({first}, False):
    try:
        handler(fails)
    except ValueError:
        pass
    assert gc.get_freeze_count() > 1_000
    assert gc.get_threshold() == usual
assert seen == [startup.START_THRESHOLD, usual[0]]
"""


@pytest.mark.parametrize("fails", [False, True])
def test_collections_are_as_usual_after_first_answer(*, fails: bool) -> None:
    script = CHECK.format(first=fails)
    path = {"PYTHONPATH": ":".join(sys.path)}
    subprocess.run([sys.executable, "-c", script], check=True, env=path)


@pytest.mark.parametrize("function", ["api", "worker"])
def test_start_is_imported_before_everything_else(function: str) -> None:
    script = f"import functions.{function}.app, sys; print(*sys.modules)"
    path = {"PYTHONPATH": ":".join(sys.path), "AWS_DEFAULT_REGION": "us-east-1"}
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, env=path, capture_output=True, text=True
    )
    ours_and_sdk = [n for n in done.stdout.split() if n.startswith(("imagebatch.", "boto3"))]
    assert ours_and_sdk[0] == "imagebatch.startup"
