"""`imagebatch submit --rehearse`: every failure code there is, and the same ends each time."""

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from imagebatch.domain.errors import FailureCode
from tests.cli.conftest import Cli, environment
from tests.conftest import Stack

STOPPING = [FailureCode.PROVIDER_AUTH, FailureCode.MODEL_UNAVAILABLE]
"""Each stops its round: what is left of it fails too."""
TOGETHER = [code for code in FailureCode if code not in STOPPING]
OTHERS = {"throttled:1": "succeeded", "slow:1": "succeeded", "lost": "succeeded", "": "succeeded"}
COMPARED = ("make", "status", "code", "reason", "attempts", "cost", "ai_mark")


@pytest.fixture
def cli(stack: Stack, tmp_path: Path) -> Cli:
    return Cli(environment(IMAGEBATCH_URL=stack["apiUrl"]), tmp_path)


def rehearse(cli: Cli, name: str, *fates: str) -> tuple[int, list[dict[str, str]], list[Any]]:
    """The exit status, `results.csv` and `failed_rows.json` of a sheet whose rows meet these."""
    makes = [fate.replace(":", " ") or "fine" for fate in fates]
    (cli.home / "cars.csv").write_text("\n".join(["make", *makes]))
    told = ",".join(f"{row}:{fate}" for row, fate in enumerate(fates, start=2) if fate)
    target = f"{name}.zip"
    done = cli(
        "submit", "cars.csv", "--rehearse", told, "--wait", "-o", target, "--json", timeout=240
    )
    assert "Traceback" not in done.stderr
    with zipfile.ZipFile(cli.home / target) as archive:
        table = archive.read("results.csv").decode("utf-8-sig")
        failed = json.loads(archive.read("failed_rows.json"))
    return done.returncode, list(csv.DictReader(io.StringIO(table))), failed


def test_every_failure_code_is_met_and_met_again(cli: Cli) -> None:
    fates = [*TOGETHER, *OTHERS]
    code, rows, failed = rehearse(cli, "first", *fates)

    assert code == 1
    assert [row["code"] for row in rows] == [*TOGETHER, *("" for _ in OTHERS)]
    assert [row["status"] for row in rows] == ["failed"] * len(TOGETHER) + [*OTHERS.values()]
    assert [each["code"] for each in failed] == TOGETHER

    _, again, failed_again = rehearse(cli, "again", *fates)
    assert [[row[name] for name in COMPARED] for row in again] == [
        [row[name] for name in COMPARED] for row in rows
    ]
    assert failed_again == failed


@pytest.mark.parametrize("code", STOPPING)
def test_a_code_that_stops_the_round_is_met(cli: Cli, code: FailureCode) -> None:
    status, rows, _ = rehearse(cli, "stopped", code)
    assert (status, [row["code"] for row in rows]) == (2, [code])
