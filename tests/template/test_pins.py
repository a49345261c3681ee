"""What is installed, here and on AWS, is what was looked at: exact versions, with their hashes."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LISTS = sorted([*ROOT.glob("requirements/*.txt"), *ROOT.glob("layers/*/requirements.txt")])
REQUIREMENT = re.compile(r"^[A-Za-z0-9._\[\],-]+==[^\s;]+( ; .+)? \\$")


def named(path: Path) -> list[str]:
    lines = (line.split("#")[0].strip() for line in path.read_text().splitlines())
    return [re.split(r"[\[=<>;~! ]", line)[0].lower() for line in lines if line]


@pytest.mark.parametrize("path", LISTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_requirement_is_pinned_with_hashes(path: Path) -> None:
    text = path.read_text()
    starts = [line for line in text.splitlines() if line and line[0] not in " #"]

    assert starts
    assert [line for line in starts if not REQUIREMENT.match(line)] == []
    blocks = re.split(r"\n(?=[^\s#])", text)
    pinned = [block for block in blocks if "==" in block.split("\n")[0]]
    assert len(pinned) == len(starts)
    assert all("--hash=sha256:" in block for block in pinned)
    assert "://" not in text, "an index of somebody's own"


@pytest.mark.parametrize("path", [p for p in LISTS if p.with_suffix(".in").exists()],
                         ids=lambda path: str(path.relative_to(ROOT)))  # fmt: skip
def test_every_wanted_package_is_pinned(path: Path) -> None:
    pins = {line.split("==")[0].split("[")[0] for line in path.read_text().splitlines()}

    wanted = {name.replace("_", "-") for name in named(path.with_suffix(".in"))}
    assert {name for name in wanted if name and not name.startswith("-")} <= pins


def test_environments_use_only_the_pins() -> None:
    makefile = (ROOT / "Makefile").read_text()

    assert "pip sync --quiet --python $(@D)/bin/python --require-hashes" in makefile
    for layer in ("core", "imaging"):
        assert "--require-hashes" in (ROOT / "layers" / layer / "Makefile").read_text()
