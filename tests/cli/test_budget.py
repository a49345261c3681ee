"""`imagebatch budget`: one line for people, the document for scripts."""

import json
from typing import Any

import pytest

from imagebatch_cli import app
from testing.fake_api import Answer, FakeApi, problem

MONEY = {"month": "2026-11", "limit": "50", "spent": "12.40", "reserved": "3.60", "left": "34.00"}
NONE_SET = MONEY | {"limit": None, "left": None}


@pytest.fixture
def run(api: FakeApi, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Any:
    monkeypatch.setenv("IMAGEBATCH_URL", api.url)
    monkeypatch.setenv("IMAGEBATCH_TOKEN", "t")
    monkeypatch.setenv("IMAGEBATCH_CONFIG_DIR", str(tmp_path))
    return lambda *words: app.run(["budget", *words])


@pytest.mark.parametrize(
    ("told", "line"),
    [
        (MONEY, "2026-11: 12.40 USD spent, 3.60 USD reserved; 34.00 of 50 USD left."),
        (NONE_SET, "2026-11: 12.40 USD spent, 3.60 USD reserved; no budget is set."),
    ],
)
def test_budget_is_told_in_one_line(
    run: Any, api: FakeApi, capsys: pytest.CaptureFixture[str], told: Any, line: str
) -> None:
    api.answers["GET", "/api/budget"] = Answer(200, told)
    assert run() == 0
    assert capsys.readouterr().out.strip() == line


@pytest.mark.parametrize(
    ("words", "query"),
    [
        ((), {}),
        (("--owner", "a b"), {"owner": "a b"}),
        (("--stack",), {"scope": "stack"}),
    ],
)
def test_budget_asks_for_whose_is_wanted(
    run: Any, api: FakeApi, capsys: pytest.CaptureFixture[str], words: Any, query: Any
) -> None:
    api.answers["GET", "/api/budget"] = Answer(200, MONEY)
    assert run("--json", *words) == 0
    assert json.loads(capsys.readouterr().out) == MONEY
    assert api.requests[-1].query == query


def test_budget_of_two_at_once_is_invalid(run: Any, api: FakeApi) -> None:
    assert run("--owner", "bob", "--stack") == 3


def test_budget_of_others_is_for_operators(
    run: Any, api: FakeApi, capsys: pytest.CaptureFixture[str]
) -> None:
    api.answers["GET", "/api/budget"] = problem(403, "For operators only")
    assert run("--stack") == 4
    assert "For operators only" in capsys.readouterr().err
