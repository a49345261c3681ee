"""docs/cli.md says what the program does."""

import re

from imagebatch_cli.app import app, variants
from imagebatch_cli.errors import ExitStatus
from tests.cli.conftest import ROOT

DOCS = (ROOT / "docs" / "cli.md").read_text()


def test_every_command_is_documented() -> None:
    names = {
        command.name or getattr(command.callback, "__name__", "")
        for command in app.registered_commands
    }
    names |= {f"variants {command.name}" for command in variants.registered_commands}
    assert names == {
        re.sub(r" (FILE|ID)$", "", name)
        for name in re.findall(r"^\| `([^`]+)` \|", DOCS, re.MULTILINE)
        if not name.startswith(("IMAGEBATCH", "--"))
    }


def test_every_exit_status_is_documented() -> None:
    table = DOCS.split("## Exit status")[1].split("##")[0]
    rows = re.findall(r"^\| ([\d, ]+) \|", table, re.MULTILINE)
    documented = {int(number) for row in rows for number in row.split(",")}
    assert documented == {int(status) for status in ExitStatus} | {143}
