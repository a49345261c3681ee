"""Runs `sam build` into .local/build, only if one of its inputs has changed."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from local import paths
from local.config import architecture
from local.package import package, packaged

TEMPLATE = paths.ROOT / "template.yaml"
SOURCES = ("template.yaml", "functions", "layers")
MAX_BUILDS = 3
"""The number of builds to keep; each has two layers."""
IGNORED = {"__pycache__", ".DS_Store"}


class Loader(yaml.CSafeLoader):
    """Reads CloudFormation's short forms (!Ref and others) as their content."""


def _short_form(loader: Loader, _: str, node: yaml.Node) -> object:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]


Loader.add_multi_constructor("!", _short_form)


@cache
def read_template() -> dict[str, Any]:
    return dict(yaml.load(TEMPLATE.read_text(), Loader))  # noqa: S506 - a SafeLoader


def template_parameters() -> dict[str, str]:
    """Return every parameter with its default."""
    declared = read_template().get("Parameters", {})
    return {name: str(parameter.get("Default", "")) for name, parameter in declared.items()}


def build() -> Path:
    """Return the built template, in a folder named after a digest of all inputs."""
    paths.CACHE.mkdir(exist_ok=True)
    with exclusive(paths.CACHE / "build.lock"):
        folder = paths.BUILDS / _fingerprint()
        template = folder / "template.yaml"
        if not ((folder / "done").exists() and packaged(template).exists()):
            shutil.rmtree(folder, ignore_errors=True)
            _sam_build(folder)
            package(template)
            (folder / "done").touch()
        os.utime(folder)
        _point_at(folder)
        _remove_old(paths.BUILDS, MAX_BUILDS)
        _remove_old(paths.LAYERS, 2 * MAX_BUILDS)
    return template


def _sam_build(folder: Path) -> None:
    command = ["build", "--parallel", "--build-dir", str(folder), "--template", str(TEMPLATE)]
    run_sam([*command, "--parameter-overrides", f"Architecture={architecture()}"])


def _point_at(folder: Path) -> None:
    """Update .local/build/latest, for manual `sam local invoke`."""
    new = paths.BUILDS / "new"
    new.unlink(missing_ok=True)
    new.symlink_to(folder.name)
    new.replace(paths.BUILDS / "latest")


def _remove_old(home: Path, kept: int) -> None:
    folders = [f for f in home.glob("*") if f.is_dir() and not f.is_symlink()]
    for folder in sorted(folders, key=lambda folder: folder.stat().st_mtime)[:-kept]:
        shutil.rmtree(folder, ignore_errors=True)


def sam_environment() -> dict[str, str]:
    """The caller's environment, with the runtime's interpreter and uv on the path."""
    tools = [str(paths.ROOT / venv / "bin") for venv in (".venv", ".venv-uv")]
    path = os.pathsep.join([*tools, os.environ["PATH"]])
    return {**os.environ, "PATH": path, "SAM_CLI_TELEMETRY": "0"}


def run_sam(arguments: list[str]) -> None:
    """Run SAM with the runtime's interpreter and uv on its path; RuntimeError with its output."""
    env = {**sam_environment(), "ARCHITECTURE": architecture(), "PYTHON_PLATFORM": ""}
    command = [paths.script(".venv-sam", "sam"), *arguments]
    # SAM leaves an empty folder for each function that it builds.
    with TemporaryDirectory(prefix="sam-") as scratch:
        done = subprocess.run(
            command,
            env={**env, "TMPDIR": scratch},
            cwd=paths.ROOT,
            check=False,
            capture_output=True,
            text=True,
        )
    if done.returncode:
        raise RuntimeError(f"sam {arguments[0]} failed:\n{done.stdout}\n{done.stderr}")


def _fingerprint() -> str:
    digest = hashlib.sha256(architecture().encode())
    for path in _files():
        digest.update(f"\0{path.relative_to(paths.ROOT)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _files() -> Iterator[Path]:
    for source in SOURCES:
        path = paths.ROOT / source
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (f for f in found if f.is_file() and not IGNORED & set(f.parts))


@contextmanager
def exclusive(lock: Path) -> Iterator[None]:
    """One process at a time, per checkout."""
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
