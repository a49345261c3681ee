"""Options in every spelling, on every way of creating a batch; null is absent everywhere."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.functions.conftest import Answer, Api

CASES = Path(__file__).parents[1] / "data" / "cases"
SHEET = b"make,model\nAudi,A4\n"


def car(api: Api, options: dict[str, Any]) -> Answer:
    text = {name: str(value) for name, value in options.items()}
    return api.post("/api/car-batch", files={"file": ("c.csv", SHEET, "text/csv")}, data=text)


def car_by_query(api: Api, options: dict[str, Any]) -> Answer:
    text = {name: str(value) for name, value in options.items()}
    return api.post(
        "/api/car-batch", content=SHEET, params=text, headers={"content-type": "text/csv"}
    )


def prompts(api: Api, options: dict[str, Any]) -> Answer:
    return api.post("/api/v1/batch/generate", json={"items": [{"prompt": "x"}], **options})


def prompts_by_query(api: Api, options: dict[str, Any]) -> Answer:
    text = {name: str(value) for name, value in options.items()}
    return api.post("/api/v1/batch/generate", params=text, json={"items": [{"prompt": "x"}]})


WAYS = [car, car_by_query, prompts, prompts_by_query]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["dryRun", "dry_run", "dryrun", "DRY_RUN", "Dry-Run"])
def test_a_dry_run_in_any_spelling_creates_nothing(api: Api, way: Any, name: str) -> None:
    assert way(api, {name: True}).status == 200
    assert api.get("/api/v1/batch").json()["items"] == []


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["maxCost", "max_cost", "maxcost", "MAXCOST"])
def test_a_cap_in_any_spelling_holds(api: Api, way: Any, name: str) -> None:
    assert way(api, {name: "0.01"}).status == 402


@pytest.mark.parametrize("way", WAYS)
def test_two_spellings_with_different_values_are_refused(api: Api, way: Any) -> None:
    answer = way(api, {"maxCost": "5", "max_cost": "6"})
    assert answer.status == 422
    assert "set twice" in answer.json()["details"][0]["message"]


@pytest.mark.parametrize("way", WAYS)
def test_a_field_that_nobody_knows_is_named(api: Api, way: Any) -> None:
    answer = way(api, {"dryRun": True, "priority": "high"})
    assert answer.json()["warnings"] == ["Unknown fields are ignored: priority."]


def test_null_is_absent_everywhere(api: Api) -> None:
    body = json.loads((CASES / "b24-nulls.json").read_text())
    answer = api.post("/api/v1/batch/generate", json=body)
    assert answer.status == 202, answer.body
    assert answer.json()["warnings"] == []


@pytest.mark.slow
def test_names_inside_metadata_are_the_client_s_own(api: Api) -> None:
    metadata = {"dry_run": "1", "dryRun": "2"}
    made = prompts(api, {"metadata": metadata}).json()
    status = api.get(f"/api/v1/batch/{made['batch_id']}/status").json()
    assert status["metadata"] == metadata


@pytest.mark.parametrize("charset", ["hex", "rot13", "zlib", "base64", "idna", "nonsense", "utf-7"])
def test_a_codec_that_is_no_charset_is_refused(api: Api, charset: str) -> None:
    body = (
        "--x\r\nContent-Disposition: form-data; name=name\r\n"
        f"Content-Type: text/plain; charset={charset}\r\n\r\nabc\r\n--x--\r\n"
    )
    kind = {"content-type": f"multipart/form-data; boundary=x; charset={charset}"}
    answer = api.post("/api/car-batch", content=body.encode(), headers=kind)
    assert (answer.status, answer.json()["error"]) == (400, "The multipart body cannot be read")
