"""`imagebatch doctor`: a table, each problem with what to do, and an exit status for scripts."""

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from imagebatch_cli import app
from testing.fake_api import Answer, FakeApi, problem

KEY = {"check": "replicate key", "health": "ok", "message": "Accepted.", "advice": ""}
DEAD = {
    "check": "queues",
    "health": "problem",
    "message": "2 dead letters.",
    "advice": "Redrive them.",
}


@pytest.fixture
def run(api: FakeApi, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Any:
    monkeypatch.setenv("IMAGEBATCH_URL", api.url)
    monkeypatch.setenv("IMAGEBATCH_TOKEN", "t")
    monkeypatch.setenv("IMAGEBATCH_CONFIG_DIR", str(tmp_path))
    return lambda *words: app.run(["doctor", *words])


def answer(*checks: dict[str, str], offset: float = 0) -> Answer:
    told = datetime.fromtimestamp(time.time() + offset, UTC).isoformat()
    healthy = all(check["health"] != "problem" for check in checks)
    return Answer(200, {"healthy": healthy, "time": told, "checks": list(checks)})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("checks", "offset", "code", "words"),
    [
        ([KEY], 0, 0, ["replicate key", "They match", "No problem found."]),
        ([KEY, DEAD], 0, 1, ["2 dead letters.", "→ Redrive them.", "1 problem found."]),
        ([KEY], 3600, 1, ["differ by", "Set this computer's clock", "1 problem found."]),
    ],
)
def test_problems_are_told_with_advice(
    run: Any,
    api: FakeApi,
    capsys: pytest.CaptureFixture[str],
    checks: list[dict[str, str]],
    offset: float,
    code: int,
    words: list[str],
) -> None:
    api.answers["GET", "/api/doctor"] = answer(*checks, offset=offset)
    assert run() == code
    said = capsys.readouterr().out
    assert [word for word in words if word not in said] == []


@pytest.mark.slow
def test_doctor_as_json_has_the_clock_too(
    run: Any, api: FakeApi, capsys: pytest.CaptureFixture[str]
) -> None:
    api.answers["GET", "/api/doctor"] = answer(KEY)
    assert run("--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert [check["check"] for check in found["checks"]] == ["replicate key", "clocks"]


@pytest.mark.slow
def test_others_than_operators_are_told(
    run: Any, api: FakeApi, capsys: pytest.CaptureFixture[str]
) -> None:
    api.answers["GET", "/api/doctor"] = problem(403, "For operators only")
    assert run() == 4
    assert "For operators only" in capsys.readouterr().err
