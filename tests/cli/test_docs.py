"""docs/cli.md says what the program does."""

import re

from imagebatch_cli.app import app
from imagebatch_cli.auth.loopback import PORTS
from imagebatch_cli.errors import ExitStatus
from tests.cli.conftest import ROOT

DOCS = (ROOT / "docs" / "cli.md").read_text()


def commands() -> set[str]:
    names = {command.name or "" for command in app.registered_commands}
    for group in app.registered_groups:
        assert group.typer_instance is not None
        inside = group.typer_instance.registered_commands
        names |= {f"{group.name} {command.name}" for command in inside}
    return names


def test_every_command_is_documented() -> None:
    assert commands() == {
        re.sub(r" (FILE|ID|VARIANT)$", "", name)
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
