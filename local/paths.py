"""The local stack's files: all under .local, one folder per port."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".local"
BUILDS = CACHE / "build"
LAYERS = CACHE / "layers"
"""As the emulator's functions see them; shared by every stack."""
LOCAL = Path(os.environ.get("LOCAL_DIR") or CACHE)
"""Files of running stacks; elsewhere in a test."""
STACK = LOCAL / "stack.json"
ENVIRONMENTS = LOCAL / "env.json"


def home(port: int) -> Path:
    """The emulator's own folder: its log, its record, its temporary files."""
    return LOCAL / str(port)


def description(port: int) -> Path:
    return LOCAL / "stacks" / f"{port}.json"


def script(environment: str, name: str) -> str:
    """Return a command of one of the project's virtual environments."""
    return str(ROOT / environment / "bin" / name)
