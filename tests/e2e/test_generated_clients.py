"""Clients that the usual generators make of /openapi.json, unchanged, each running a batch."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest

from local import paths
from tests.conftest import Stack

CLIENTS = Path(__file__).with_name("clients")
TOOLS = paths.ROOT / ".venv-clients" / "bin"
DONE = "all_succeeded item-0001"


@pytest.fixture(scope="module")
def document(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clients") / "openapi.json"
    path.write_text(httpx.get(f"{stack['apiUrl']}/openapi.json", timeout=60).text)
    return path


def run(command: Sequence[str | Path], cwd: Path) -> str:
    path = os.pathsep.join([str(TOOLS), os.environ["PATH"]])
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, "PATH": path, "PYTHONPATH": str(cwd)},
        capture_output=True, text=True, timeout=180,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout.strip()


def test_openapi_python_client_runs_a_batch(stack: Stack, document: Path, tmp_path: Path) -> None:
    run([TOOLS / "openapi-python-client", "generate", "--path", document, "--meta", "none",
         "--output-path", tmp_path / "imagebatch_client"], tmp_path)  # fmt: skip

    script = CLIENTS / "openapi_python_client.py"
    assert run([TOOLS / "python", script, stack["apiUrl"]], tmp_path) == DONE


def test_datamodel_codegen_models_run_a_batch(stack: Stack, document: Path, tmp_path: Path) -> None:
    run([TOOLS / "datamodel-codegen", "--input", document, "--input-file-type", "openapi",
         "--output-model-type", "pydantic_v2.BaseModel", "--disable-warnings",
         "--output", tmp_path / "imagebatch_models.py"], tmp_path)  # fmt: skip

    script = CLIENTS / "datamodel_codegen.py"
    assert run([TOOLS / "python", script, stack["apiUrl"]], tmp_path) == DONE


def test_openapi_typescript_types_run_a_batch(stack: Stack, document: Path, tmp_path: Path) -> None:
    for name in ("openapi_typescript.ts", "tsconfig.json", "package.json"):
        shutil.copy(CLIENTS / name, tmp_path)
    (tmp_path / "node_modules").symlink_to(CLIENTS / "node_modules")
    programs = CLIENTS / "node_modules" / ".bin"
    run([programs / "openapi-typescript", document, "-o", "schema.ts"], tmp_path)
    run([programs / "tsc", "-p", "tsconfig.json"], tmp_path)

    assert run(["node", "openapi_typescript.js", stack["apiUrl"]], tmp_path) == DONE
