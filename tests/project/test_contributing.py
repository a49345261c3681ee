"""What the project tells newcomers is so: the paths exist, and there is one version."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import imagebatch
from imagebatch.api.openapi import document
from imagebatch_cli.transport import cli_version

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text()
STATUS_LINE = re.compile(
    r"Date: \d{4}-\d\d-\d\d\. Status: "
    r"(accepted|superseded by \d{4}|accepted; superseded in part by \d{4})\."
)
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))


def paths(page: str) -> set[str]:
    quoted = {text for text in re.findall(r"`([\w./-]+)`", page) if "/" in text}
    linked = set(re.findall(r"\]\(([\w./-]+)\)", page))
    return quoted | linked


@pytest.mark.parametrize("path", sorted(paths(PAGE)))
def test_a_path_in_contributing_exists(path: str) -> None:
    assert (ROOT / path).exists()


def test_the_newcomers_three_questions_are_answered() -> None:
    for question in (
        "the file names in the ZIP",
        "add a provider",
        "add a field to the status answer",
    ):
        [line] = [line for line in PAGE.splitlines() if line.startswith(f"| {question} |")]
        assert paths(line)


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`make (\w+)", PAGE))))
def test_a_command_in_contributing_is_a_target(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.slow
def test_there_is_one_version() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert "version" in declared["dynamic"]
    assert document()["info"]["version"] == imagebatch.__version__ == cli_version()
    assert "version" not in json.loads((ROOT / "web/package.json").read_text())


def test_the_environment_imports_the_core_by_itself() -> None:
    command = [sys.executable, "-c", "import imagebatch; print(imagebatch.__file__)"]
    done = subprocess.run(command, cwd="/", env={}, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(ROOT / "layers/core/imagebatch/__init__.py")


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_has_one_date_and_status(page: Path) -> None:
    lines = [line for line in page.read_text().splitlines() if line.startswith("Date:")]
    assert [bool(STATUS_LINE.fullmatch(line)) for line in lines] == [True]
