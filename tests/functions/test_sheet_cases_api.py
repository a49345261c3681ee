"""Every sheet of tests/data/cases over HTTP: the verdict of the one table, and its notices."""

from pathlib import Path

import pytest

from imagebatch.schemas.submission_answers import Preview
from testing.sheet_cases import CASES, SheetCase, matches
from tests.functions.conftest import Api

RAW = {"content-type": "application/octet-stream"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_sheet_gets_its_verdict_over_http(api: Api, case: SheetCase) -> None:
    query = {"dryRun": "true", **case.options}
    answer = api.post("/api/car-batch", content=case.body, headers=RAW, params=query)
    if case.error:
        assert answer.status == 400
        assert matches(case, answer.json()), answer.body
        return
    assert answer.status == 200, answer.body
    preview = Preview.model_validate(answer.json())
    assert preview.total == case.rows
    assert {notice.code for notice in preview.notices} >= set(case.codes)
    assert any(notice.level == "warning" for notice in preview.notices) == case.warning


def test_notices_are_kept_with_the_batch(api: Api) -> None:
    case = next(case for case in CASES if case.warning)
    made = api.post("/api/car-batch", content=case.body, headers=RAW).json()
    status = api.get(f"/api/batch/{made['jobId']}").json()
    assert status["notices"] == made["notices"]
    assert status["warnings"] == made["warnings"]
    assert [notice["row"] for notice in status["notices"]] == [4]


def test_a_latin_1_file_name_is_no_hindrance(api: Api) -> None:
    body = (Path(__file__).parents[1] / "data/cases/b10-latin1-filename.multipart").read_bytes()
    kind = {"content-type": "multipart/form-data; boundary=x"}
    answer = api.post("/api/car-batch?dryRun=true", content=body, headers=kind)
    assert answer.status == 200, answer.body
