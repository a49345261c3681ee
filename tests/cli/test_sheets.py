"""Sheets as people have them through the command line, against the API's own function."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from imagebatch_cli.app import run
from testing.fake_api import Answer, FakeApi
from testing.sheet_cases import CASES, FOLDER, SheetCase, matches
from tests.cli.conftest import Cli
from tests.functions.conftest import Api, services  # noqa: F401 - a fixture

OPTIONS = {"encoding": "--encoding", "unknownColumns": "--ignore-unknown-columns"}
TYPOS = "make;modle;background\n\nVW;Golf;whit\nAudi;A4;white\nBMW;i3;hubb\n"
CHAIRS = "Colour,Size\nred,L\n"
SUBMIT = "/api/car-batch"


@pytest.fixture
def api_function(
    services: Any,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Api:
    """Every request of the command line is answered by the API's function."""
    api = Api(services)

    def answer(_: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode()
        headers = {"content-type": request.headers.get("content-type", "")}
        found = api.request(request.method, path, content=request.read(), headers=headers)
        return httpx.Response(found.status, text=found.body, headers=found.headers)

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", answer)
    monkeypatch.setenv("IMAGEBATCH_URL", "https://api.test")
    monkeypatch.setenv("IMAGEBATCH_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    return api


def words_of(case: SheetCase) -> list[str]:
    given = [(OPTIONS[name], value) for name, value in case.options.items()]
    return [word for pair in given for word in pair if word != "ignore"]


@pytest.mark.slow
@pytest.mark.usefixtures("api_function")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_sheet_gets_its_verdict_on_the_command_line(
    case: SheetCase, capfd: pytest.CaptureFixture[str]
) -> None:
    ended = run(["validate", str(FOLDER / f"{case.name}.csv"), "--json", *words_of(case)])
    shown = capfd.readouterr()
    told = json.loads(shown.out)
    if case.error:
        assert ended == 3
        assert matches(case, told), told
        return
    assert (ended, told["total"], len(told["items"])) == (0, case.rows, case.rows)
    assert {notice["code"] for notice in told["notices"]} >= set(case.codes)
    assert ("warning: " in shown.err) >= case.warning
    assert shown.err.count("notice: ") + shown.err.count("warning: ") == len(told["notices"])


@pytest.mark.slow
@pytest.mark.usefixtures("api_function")
def test_fix_applies_every_suggestion_and_says_so(capfd: pytest.CaptureFixture[str]) -> None:
    Path("typos.csv").write_text(TYPOS)
    assert run(["validate", "typos.csv", "--fix", "-o", "fixed.csv", "--json"]) == 0
    told = json.loads(capfd.readouterr().out)
    made = [(each["row"], each["before"], each["after"]) for each in told["corrections"]]
    assert made == [(None, "modle", "model"), (3, "whit", "white"), (5, "hubb", "hub")]
    assert (told["total"], told["output"]) == (3, "fixed.csv")
    assert Path("fixed.csv").read_text("utf-8-sig").splitlines() == [
        "make,model,background", "VW,Golf,white", "Audi,A4,white", "BMW,i3,hub",
    ]  # fmt: skip
    assert run(["validate", "fixed.csv"]) == 0


@pytest.mark.slow
@pytest.mark.usefixtures("api_function")
def test_fix_writes_what_it_could_and_lists_the_rest(capfd: pytest.CaptureFixture[str]) -> None:
    Path("typos.csv").write_text("make,aspect_ratio,background\nVW,nonsense,whit\n")
    assert run(["validate", "typos.csv", "--fix", "-o", "fixed.csv"]) == 3
    shown = capfd.readouterr().err
    assert "1 correction, written to fixed.csv." in shown
    assert "nonsense" in shown
    assert Path("fixed.csv").read_text("utf-8-sig").splitlines()[1] == "VW,nonsense,white"


@pytest.mark.slow
@pytest.mark.usefixtures("api_function")
def test_fix_renames_a_column_for_its_template(capfd: pytest.CaptureFixture[str]) -> None:
    Path("chairs.csv").write_text(CHAIRS)
    words = ["--prompt", "A {{color}} chair", "--fix", "-o", "fixed.csv"]
    assert run(["validate", "chairs.csv", *words]) == 0
    assert Path("fixed.csv").read_text("utf-8-sig").splitlines() == ["color,Size", "red,L"]
    assert "Valid: 1 image" in capfd.readouterr().out


@pytest.mark.slow
@pytest.mark.usefixtures("api_function")
def test_fix_refuses_a_sheet_that_cannot_be_read() -> None:
    sheet = str(FOLDER / "c02a-gbk.csv")
    assert run(["validate", sheet, "--fix", "-o", "fixed.csv"]) == 3
    assert not Path("fixed.csv").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("api_function")
def test_a_template_is_stored_shown_used_and_deleted(capfd: pytest.CaptureFixture[str]) -> None:
    Path("chairs.csv").write_text(CHAIRS)
    prompt = "A {{colour}} chair in {{size}}"
    assert run(["templates", "put", "chairs", "--prompt", prompt, "--file-name", "{{size}}"]) == 0
    capfd.readouterr()
    assert run(["templates", "show", "chairs", "--json"]) == 0
    Path("chairs.json").write_text(capfd.readouterr().out)
    assert run(["templates", "put", "stools", "chairs.json"]) == 0
    assert run(["templates", "list"]) == 0
    listed = capfd.readouterr().out
    assert all(name in listed for name in ("car-white (built in)", "chairs", "stools", prompt))
    assert run(["templates", "delete", "chairs"]) == 0
    assert run(["templates", "show", "chairs"]) == 3
    assert run(["validate", "chairs.csv", "--template", "stools", "--rows"]) == 0
    shown = capfd.readouterr().out
    assert "A red chair in L" in shown
    assert "L.png" in shown
    assert run(["submit", "chairs.csv", "--template", "stools"]) == 0
    assert run(["submit", "chairs.csv", "--prompt", prompt, "--name", "Chairs"]) == 0
    assert run(["submit", "chairs.csv", "--template", "chairs"]) == 3


@pytest.mark.slow
@pytest.mark.usefixtures("api_function")
def test_a_sheet_of_a_workbook_is_named(capfd: pytest.CaptureFixture[str]) -> None:
    workbook = str(FOLDER / "c24a-excel-renamed.csv")
    assert run(["validate", workbook, "--sheet", "nowhere"]) == 3
    assert "has no such sheet" in capfd.readouterr().err


@pytest.mark.slow
def test_pages_of_a_plan_take_one_upload(cli: Cli, api: FakeApi, sheet: Path) -> None:
    rows = [{"row": n, "prompt": f"p{n}", "price": "0.05"} for n in range(2, 2_302)]
    plan = {"dryRun": True, "total": 2_300, "estimatedCost": "115.00", "mode": "live"}
    pages = [
        plan | {"items": [*rows[:1_000], rows[2_000]], "nextCursor": "1000"},
        plan | {"items": rows[1_000:2_000], "nextCursor": "2000"},
        plan | {"items": rows[2_000:], "nextCursor": None},
    ]
    api.script("POST", SUBMIT, *(Answer(200, page) for page in pages))
    told = json.loads(cli("validate", sheet, "--json").stdout)
    assert [item["row"] for item in told["items"]] == list(range(2, 2_302))
    assert len(api.sent("POST", "/api/uploads")) == 1
    first, *others = api.sent("POST", SUBMIT)
    assert (first.form()["limit"], first.form()["dryRun"]) == ("1000", "true")
    same = {"uploadId": "up-1", "dryRun": True, "limit": 1_000}
    assert [each.json() for each in others] == [
        same | {"cursor": "1000"},
        same | {"cursor": "2000"},
    ]
