"""What `sam build` packs: complete without this machine's packages, small, and compiled."""

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from local import paths
from local.build import Loader, build, read_template

RUNTIME = ["boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six.py", "urllib3"]
"""What Lambda's Python runtime brings along."""

FUNCTIONS = sorted(
    name
    for name, resource in read_template()["Resources"].items()
    if resource["Type"] == "AWS::Serverless::Function"
)
HEAVY = {
    *("PIL", "anyio", "charset_normalizer", "httpx", "img2pdf", "pikepdf"),
    *("pydantic", "python_calamine", "replicate"),
}
"""Libraries that take a good part of a cold start; they load when they are first asked for."""
LATER = {
    "ApiFunction": "from imagebatch.api.build import all_routes; list(all_routes())",
    "ProgressFunction": "app.app.services.watch, app.app.services.erasures",
}
"""What a function imports at its first request must be in the package as well."""
MEGABYTE = 1024 * 1024


@cache
def folder() -> Path:
    return build().parent


@cache
def built() -> dict[str, Any]:
    return dict(yaml.load((folder() / "template.yaml").read_text(), Loader))  # noqa: S506 - a SafeLoader


def layers_of(function: str) -> list[Path]:
    own = built()["Resources"][function]["Properties"].get("Layers", [])
    shared = built().get("Globals", {}).get("Function", {}).get("Layers", [])
    return [folder() / layer["Ref"] for layer in [*shared, *own]]


def size(part: Path) -> int:
    return sum(file.stat().st_size for file in part.rglob("*") if file.is_file())


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    own = tmp_path_factory.mktemp("runtime")
    packages = next((paths.ROOT / ".venv-emulator/lib").glob("python*/site-packages"))
    for name in RUNTIME:
        (own / name).symlink_to(packages / name)
    return own


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_imports_with_only_layers_and_runtime(function: str, runtime: Path) -> None:
    code = folder() / function
    search = [*(str(layer / "python") for layer in layers_of(function)), str(code), str(runtime)]
    script = (
        f"import sys, json; sys.path[:0] = {search!r}; import app;"
        f"print(json.dumps(list(sys.modules))); {LATER.get(function, '')}"
    )
    interpreter = paths.script(".venv", "python3.13")
    done = subprocess.run(
        [interpreter, "-I", "-S", "-c", script],
        env={"AWS_DEFAULT_REGION": "us-east-1", "AWS_LAMBDA_FUNCTION_NAME": function},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert not loaded & HEAVY, "imported before it is needed"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_and_its_layers_stay_small(function: str) -> None:
    limit = 60 if any(layer.name == "ImagingLayer" for layer in layers_of(function)) else 40
    total = sum(size(part) for part in [folder() / function, *layers_of(function)])
    assert total <= limit * MEGABYTE


@pytest.mark.parametrize("layer", ["CoreLayer", "ImagingLayer"])
def test_a_cold_start_compiles_nothing_of_a_layer(layer: str) -> None:
    sources = [*(folder() / layer / "python").rglob("*.py")]
    missing = [
        s for s in sources if not (s.parent / "__pycache__" / f"{s.stem}.cpython-313.pyc").exists()
    ]
    assert sources
    assert not missing


def test_no_layer_ships_what_the_runtime_has() -> None:
    assert not [
        name for name in ("boto3", "botocore") if (folder() / "CoreLayer/python" / name).exists()
    ]
