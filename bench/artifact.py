"""The build of `sam build` as Lambda would unpack it: functions, layers, runtime."""

import compileall
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml

from local import paths
from local.build import Loader, build

RUNTIME = ["boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six.py", "urllib3"]
"""What Lambda's Python runtime provides."""


@dataclass(frozen=True, slots=True)
class Artifact:
    folder: Path
    template: dict[str, Any]

    @classmethod
    def built(cls) -> Self:
        path = build()
        return cls(path.parent, dict(yaml.load(path.read_text(), Loader)))  # noqa: S506 - a SafeLoader

    @property
    def functions(self) -> list[str]:
        resources = self.template["Resources"].items()
        return sorted(n for n, r in resources if r["Type"] == "AWS::Serverless::Function")

    def layers(self, function: str) -> list[Path]:
        properties = self.template["Resources"][function]["Properties"]
        return [self.folder / layer["Ref"] for layer in self._refs(properties)]

    def draws(self, function: str) -> bool:
        return any(layer.name == "ImagingLayer" for layer in self.layers(function))

    def size(self, function: str) -> int:
        parts = [self.folder / function, *self.layers(function)]
        files = (file for part in parts for file in part.rglob("*") if file.is_file())
        return sum(file.stat().st_size for file in files)

    def search_path(self, function: str, runtime: Path) -> list[str]:
        """As on Lambda: the function's own folder, its layers, the runtime."""
        layers = [str(layer / "python") for layer in self.layers(function)]
        return [str(self.folder / function), *layers, str(runtime)]

    def _refs(self, properties: dict[str, Any]) -> list[dict[str, str]]:
        # The loader reads !Ref as the name alone.
        own = properties.get("Layers", [])
        return [layer if isinstance(layer, dict) else {"Ref": layer} for layer in own]


def runtime(folder: Path) -> Path:
    """A copy of the runtime's packages, compiled as on Lambda."""
    packages = next((paths.ROOT / ".venv-emulator/lib").glob("python*/site-packages"))
    for name in RUNTIME:
        if (packages / name).is_dir():
            shutil.copytree(packages / name, folder / name)
        else:
            shutil.copy(packages / name, folder / name)
    compileall.compile_dir(folder, quiet=1, workers=0)
    return folder
