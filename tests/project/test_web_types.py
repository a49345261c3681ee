"""The web page's types come from the OpenAPI document: its type check sees each change there."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from imagebatch.api.openapi import document

WEB = Path(__file__).parents[2] / "web"
GENERATOR = WEB / "openapi" / "node_modules" / ".bin" / "openapi-typescript"
CHECKER = WEB / "node_modules" / ".bin" / "tsc"
# Requests and answers of both APIs and live events, each field with a file of the page that reads
# or sends it.
RENAMED = [
    ("BatchAnswer", "zipUrl", "src/views/batch-archive.tsx"),
    ("BudgetAnswer", "left", "src/ui/BudgetLeft.tsx"),
    ("CellProblem", "suggestion", "src/views/importer/repairs.tsx"),
    ("CarUpload", "invalidRows", "src/lib/reading.ts"),
    ("FolderImageAnswer", "file", "src/lib/types.ts"),
    ("ItemAnswer", "thumbnail_url", "src/lib/gallery-api.ts"),
    ("ItemAnswer", "version_count", "src/lib/types.ts"),
    ("ItemEvent", "index", "src/views/use-batch.ts"),
    ("ModelAnswer", "aspectRatios", "src/lib/models.ts"),
    ("PreviewV1", "estimated_cost", "src/views/prompts.tsx"),
    ("ProgressEvent", "waiting_for", "src/views/use-batch.ts"),
    ("RedoBody", "note", "src/lib/gallery-api.ts"),
    ("SharedItem", "customId", "src/views/shared.tsx"),
    ("TemplateRequest", "fileName", "src/lib/templates.ts"),
    ("VariantBatchRequest", "settings", "src/lib/api.ts"),
]


@pytest.fixture(scope="module")
def node() -> str:
    found = shutil.which("node")
    if not found:
        pytest.skip("node is not on the PATH")
    if not (GENERATOR.exists() and CHECKER.exists()):
        pytest.skip("the page's packages are not installed: run `make generate` and `make lint`")
    return found


@pytest.fixture(scope="module")
def page(node: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the page without its generated types."""
    folder = tmp_path_factory.mktemp("web")
    left_out = shutil.ignore_patterns("node_modules", "generated", "public")
    shutil.copytree(WEB, folder, ignore=left_out, dirs_exist_ok=True)
    (folder / "node_modules").symlink_to(WEB / "node_modules")
    return folder


@pytest.mark.slow
def test_the_type_check_finds_every_renamed_field(page: Path) -> None:
    changed = document()
    for model, field, _ in RENAMED:
        rename(changed["components"]["schemas"][model], field)

    errors = type_errors(page, changed)

    missed = [row for row in RENAMED if not names_field(errors, field=row[1], file=row[2])]
    assert not missed, f"{missed} in\n" + "\n".join(errors)


def rename(schema: dict[str, Any], field: str) -> None:
    schema["properties"] = {
        f"other_{name}" if name == field else name: value
        for name, value in schema["properties"].items()
    }
    schema["required"] = [
        f"other_{name}" if name == field else name for name in schema.get("required", [])
    ]


def names_field(errors: list[str], field: str, file: str) -> bool:
    """In either spelling: the page's types have camelCase names for both APIs' fields."""
    camel = re.sub(r"_([a-z])", lambda letter: letter[1].upper(), field)
    named = re.compile(rf"\b({field}|{camel})\b")
    return any(error.startswith(f"{file}(") and named.search(error) for error in errors)


def type_errors(page: Path, document: dict[str, Any]) -> list[str]:
    """Each error with the lines that explain it."""
    source = page / "openapi.json"
    source.write_text(json.dumps(document))
    types = page / "src" / "generated" / "openapi.d.ts"
    subprocess.run([GENERATOR, source, "--output", types], capture_output=True, check=True)
    checked = subprocess.run(
        [CHECKER, "--noEmit", "--pretty", "false"], cwd=page, capture_output=True, text=True
    )
    return re.split(r"\n(?=\S)", checked.stdout)
