"""What is wrong with the command itself is said in a line or two, before anything is asked."""

import json
from pathlib import Path

import pytest

from testing.fake_api import Answer, FakeApi
from tests.cli.conftest import Cli


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["submit"],
        ["submit", "missing.csv"],
        ["submit", "."],
        ["submit", "cars.csv", "--metadata", "novalue"],
        ["submit", "cars.csv", "--metadata", "a=1", "--metadata", "a=2"],
        ["submit", "cars.csv", "-o", "cars.csv"],
        ["submit", "cars.csv", "-o", "."],
        ["submit", "cars.csv", "-o", "cars.csv/cars.zip"],
        ["list", "--limit", "0"],
        ["status", " "],
        ["--url", "ftp://example.org", "list"],
        ["--url", "nonsense", "list"],
        ["list", "--url", "http://"],
    ],
)
def test_a_wrong_command_exits_3_and_asks_nothing(
    cli: Cli, api: FakeApi, sheet: Path, words: list[str]
) -> None:
    done = cli(*words)
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr
    assert not api.requests


def test_json_and_an_archive_cannot_share_standard_output(cli: Cli, sheet: Path) -> None:
    done = cli("submit", sheet, "--json", "-o", "-")
    assert done.returncode == 3
    assert "both write to standard output" in json.loads(done.stdout)["error"]


def test_a_missing_address_names_its_variable(cli: Cli) -> None:
    del cli.env["IMAGEBATCH_URL"]
    done = cli("list", "--json")
    assert done.returncode == 3
    assert "IMAGEBATCH_URL" in done.stderr
    assert json.loads(done.stdout)["error"] == "The API's URL is not set"


@pytest.mark.slow
def test_the_options_win_over_the_environment_wherever_they_stand(cli: Cli, api: FakeApi) -> None:
    cli.env["IMAGEBATCH_URL"] = "http://127.0.0.1:1"
    api.answers["GET", "/api/v1/batch"] = Answer(200, {"items": [], "next_cursor": None})
    assert cli("--url", api.url, "--token", "one", "list").returncode == 0
    assert cli("list", "--url", f"{api.url}/", "--token", "two").returncode == 0
    told = [request.headers["authorization"] for request in api.requests]
    assert told == ["Bearer one", "Bearer two"]


def test_an_address_may_have_a_path(cli: Cli, api: FakeApi) -> None:
    cli("status", "a/b", "--url", f"{api.url}/stage/$default")
    assert api.requests[0].path == "/stage/$default/api/batch/a%2Fb"


@pytest.mark.slow
def test_an_address_that_nobody_listens_on_exits_4_soon(cli: Cli) -> None:
    done = cli("list", "--url", "http://127.0.0.1:1", timeout=20)
    assert done.returncode == 4
    assert "cannot be reached" in done.stderr


@pytest.mark.parametrize(
    "answer",
    [
        Answer(404, {"message": "Not Found"}),
        Answer(200, b"<html>hello</html>", {"Content-Type": "text/html"}),
        Answer(301, b"", {"Location": "https://elsewhere.example/"}),
        Answer(403, {"message": "Forbidden"}),
    ],
)
def test_a_server_that_is_not_the_api_exits_4(cli: Cli, api: FakeApi, answer: Answer) -> None:
    api.answers["GET", "/api/v1/batch"] = answer
    done = cli("list")
    assert done.returncode == 4
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_help_and_version_exit_0(cli: Cli) -> None:
    assert "submit" in cli().stdout
    assert "submit" in cli("--help").stdout
    assert "--idempotency-key" in cli("submit", "-h").stdout
    assert cli("--version").stdout.startswith("imagebatch ")


def test_shell_completes_commands(cli: Cli) -> None:
    asked = {"_IMAGEBATCH_COMPLETE": "complete_bash", "COMP_WORDS": "imagebatch va"}
    cli.env |= {**asked, "COMP_CWORD": "1"}
    assert cli().stdout.split() == ["validate", "variants"]


@pytest.mark.slow
def test_a_reader_that_goes_away_is_no_error(cli: Cli, api: FakeApi) -> None:
    items = [{"batch_id": f"b{n}", "status": "queued", "total": 1} for n in range(1500)]
    api.answers["GET", "/api/v1/batch"] = Answer(200, {"items": items, "next_cursor": None})
    process = cli.start("list")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(30) == 141
