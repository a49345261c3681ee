"""A layer is unpacked once: the emulator unpacks it anew for each execution environment.

On AWS all of them see the same read-only content under /opt. Here a start took a second longer, and
held up every other call meanwhile. This is no rule of AWS; what the functions import is the same.
"""

import hashlib
import io
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from pathlib import Path
from threading import Lock
from typing import Any

from local import paths

PATHS = "_LAMBDA_LAYERS_DIRS"
"""Where the emulator's Python environments look for their layers."""


class UnpackedLayers:
    """Each layer in a folder named after its content, which all stacks of a checkout share."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._lock = Lock()

    def folder(self, archive: bytes) -> Path:
        folder = self._home / hashlib.sha256(archive).hexdigest()[:16]
        with self._lock:
            if not folder.exists():
                self._unpack(archive, folder)
        os.utime(folder)
        return folder

    def _unpack(self, archive: bytes, folder: Path) -> None:
        """Under its name only when it is whole; another emulator may be first."""
        self._home.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(prefix="new-", dir=self._home))
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            opened.extractall(new)
        try:
            new.rename(folder)
        except OSError:
            shutil.rmtree(new)


def install() -> None:
    from ministack.core import lambda_runtime
    from ministack.services import lambda_svc

    layers = UnpackedLayers(paths.LAYERS)

    def folders(config: Mapping[str, Any]) -> Iterator[Path]:
        for reference in config.get("Layers", []):
            if archive := lambda_svc._resolve_layer_zip(reference):
                yield layers.folder(archive)

    lambda_runtime.Worker._spawn = _with_layers(lambda_runtime.Worker._spawn, folders)


def _with_layers(
    spawn: Callable[[Any], None], folders: Callable[[Mapping[str, Any]], Iterator[Path]]
) -> Callable[[Any], None]:
    @wraps(spawn)
    def spawned(worker: Any) -> None:
        config = worker.config
        variables = config.get("Environment", {}).get("Variables", {})
        found = os.pathsep.join(map(str, folders(config)))
        worker.config = {
            **config,
            "Layers": [],
            "Environment": {"Variables": {**variables, PATHS: found}},
        }
        try:
            spawn(worker)
        finally:
            worker.config = config

    return spawned
