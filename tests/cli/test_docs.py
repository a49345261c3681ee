"""The documentation's commands are run: `imagebatch` against a stand-in, `aws` by its own models.

tests/security/test_first_hour.py runs those of docs/operations.md on a deployed stack.
"""

import re
import shlex
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from imagebatch_cli.app import app, run
from imagebatch_cli.auth.loopback import PORTS
from imagebatch_cli.errors import ExitStatus
from testing.aws_cli import AwsUsageError, parse
from testing.fake_api import BATCH, Answer, FakeApi, status
from tests.cli.conftest import CARS, ROOT
from tests.cli.test_webhooks import WEBHOOK

DOCS = (ROOT / "docs" / "cli.md").read_text()
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(?:sh|console|)\n(.*?)^```|^((?: {4}\S.*\n)+)", re.MULTILINE | re.DOTALL)
ANY_SHEET = {"total": 0, "columns": ["Colour"]}
ERASURE = {
    "id": "e1",
    "owner": "ann",
    "status": "done",
    "removed": {"batches": 2, "uploads": 1, "records": 40},
    "kept": {"live 2026-11": "1.25"},
}
ENDED = {ExitStatus.OK, ExitStatus.SOME_FAILED}


def commands_of(program: str) -> Iterator[tuple[str, str]]:
    """Each command of the program in a block of the documentation, and the page's name."""
    line = re.compile(rf"(?:\$ |\S*/)?{program} (.*?)(?: \|.*| &&.*)?")
    for page in PAGES:
        for block in BLOCK.finditer(page.read_text()):
            for text in lines_of(block[1] or block[2]):
                if found := line.fullmatch(text.strip()):
                    yield page.name, found[1].strip()


def lines_of(block: str) -> list[str]:
    """Its lines, and each `$(...)` in them, which stands for X, as one of its own."""
    text = re.sub(r"(?:\$\(output |OUTPUT\()(\w+)\)", r"<\1>", block.replace("\\\n", " "))
    while inner := re.search(r"\$\(([^()]*)\)", text):
        text = f"{text[: inner.start()]}X{text[inner.end() :]}\n{inner[1]}\n"
    return text.splitlines()


def cases(program: str) -> list[Any]:
    found = dict.fromkeys(commands_of(program))
    return [pytest.param(words, id=f"{page}: {words[:50]}") for page, words in found]


def documented() -> set[str]:
    names = {command.name or "" for command in app.registered_commands}
    for group in app.registered_groups:
        assert group.typer_instance is not None
        inside = group.typer_instance.registered_commands
        names |= {f"{group.name} {command.name}" for command in inside}
    return names


def test_every_command_is_documented() -> None:
    assert documented() == {
        re.sub(r" (FILE|ID|NAME|OWNER|VARIANT)$", "", name)
        for name in re.findall(r"^\| `([^`]+)` \|", DOCS, re.MULTILINE)
        if not name.startswith(("IMAGEBATCH", "--"))
    }


def test_registered_ports_are_documented() -> None:
    assert all(str(port) in DOCS for port in PORTS)


def test_every_exit_status_is_documented() -> None:
    table = DOCS.split("## Exit status")[1].split("##")[0]
    rows = re.findall(r"^\| ([\d, ]+) \|", table, re.MULTILINE)
    documented = {int(number) for row in rows for number in row.split(",")}
    assert documented == {int(status) for status in ExitStatus} | {143}


@pytest.fixture
def prepared(api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeApi:
    """A folder with what the documentation speaks of, and a service that has it all."""
    monkeypatch.chdir(tmp_path)
    for name in ("cars.csv", "chairs.csv", "chairs.xlsx"):
        (tmp_path / name).write_text(CARS)
    with zipfile.ZipFile(tmp_path / "spring.zip", "w") as archive:
        archive.writestr("provenance.json", '{"images": []}')
    shutil.copytree(ROOT / "events", tmp_path / "events")
    monkeypatch.setenv("IMAGEBATCH_URL", api.url)
    monkeypatch.setenv("IMAGEBATCH_TOKEN", "t")
    monkeypatch.setenv("IMAGEBATCH_CONFIG_DIR", str(tmp_path / "config"))
    api.answers["GET", "/api/v1/batch"] = Answer(200, {"items": [], "next_cursor": None})
    api.answers["GET", "/config.json"] = Answer(200, {"auth": None, "cli": None})
    told = {"healthy": True, "time": "2026-11-25T12:00:00Z", "checks": []}
    api.answers["GET", "/api/models"] = Answer(200, {"items": []})
    api.answers["GET", "/api/doctor"] = Answer(200, told)
    money = {"month": "2026-11", "limit": "50", "spent": "1", "reserved": "2", "left": "47"}
    api.answers["GET", "/api/budget"] = Answer(200, money)
    api.answers["POST", "/api/erase"] = Answer(202, {"id": "e1"})
    api.answers["GET", "/api/erase/e1"] = Answer(200, ERASURE)
    api.answers["DELETE", "/api/batches/ID"] = Answer(204, b"")
    hooks = "/api/batches/ID/webhooks"
    api.answers["GET", hooks] = Answer(200, {"items": [WEBHOOK]})
    api.answers["POST", f"{hooks}/1/replay"] = Answer(200, WEBHOOK)
    items = {"batch_id": BATCH, "items": [], "next_cursor": None}
    api.answers["GET", f"/api/v1/batch/{BATCH}/status"] = Answer(200, items)
    api.answers["PUT", "/api/templates/chairs"] = Answer(201, {"name": "chairs"})
    api.life = [status("completed", done=3)]
    return api


@pytest.mark.slow
@pytest.mark.parametrize("words", cases("imagebatch"))
def test_documented_command_runs(prepared: FakeApi, words: str) -> None:
    filled = words.replace("<ApiUrl>", prepared.url).replace("$id", BATCH)
    filled = re.sub(r"https://abc123\S*", prepared.url, filled)
    if "--dry-run" in filled or "validate" in filled:
        plan = {"total": 3, "items": [], "estimatedCost": "0.15", "mode": "live"}
        prepared.answers["POST", "/api/car-batch"] = Answer(200, plan)
        prepared.answers["POST", "/api/sheet-batch"] = Answer(200, plan | ANY_SHEET)
    assert run(shlex.split(filled, comments=True)) in ENDED


@pytest.mark.parametrize("words", cases("aws"))
def test_documented_aws_command_is_valid(words: str, prepared: FakeApi) -> None:
    Path("replicate-token.txt").write_text("r8_x")
    split = shlex.split(words, comments=True)
    parse(split)


@pytest.mark.parametrize(
    "words",
    ["sqs start-message-move --source-arn X", "sqs start-message-move-task --arn X", "s3 mb s3://x",
     "cognito-idp admin-create-user --username ada"],
)  # fmt: skip
def test_aws_commands_that_are_wrong_are_found(words: str) -> None:
    with pytest.raises(AwsUsageError):
        parse(words.split())
