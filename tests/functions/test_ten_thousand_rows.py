"""Ten thousand rows: every answer fits what Lambda carries, even one that is not compressed."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from testing.emulator.limits import LARGEST, size
from testing.services import Deployment
from tests.functions.conftest import Api

ROWS = 10_000
HEADER = "make,model,body_style,trim,year,color,background\n"
RAW = {"content-type": "application/octet-stream"}
pytestmark = pytest.mark.slow
DRY_RUN = "/api/car-batch?dryRun=true&invalidRows=skip"


@pytest.fixture
def api(services: Deployment) -> Api:
    settings = replace(services.settings, max_rows=ROWS)
    api = Api(Deployment(settings, services.clients))
    api.application = within_limits(api.application)
    return api


def within_limits(application: Callable[..., dict[str, Any]]) -> Any:
    def checked(event: dict[str, Any], context: object) -> dict[str, Any]:
        answer = application(event, context)
        assert size(event) <= LARGEST
        assert size(answer) <= LARGEST
        return answer

    return checked


def sheet(background: str) -> bytes:
    """Rows as long as they are in real exports, near what a sheet may have in all."""
    words = "Edition 30 Jahre mit Panoramadach, Anhängerkupplung und Winterpaket, " * 2
    rows = (f'VW,Golf {n},"{words}","{words}",2024,red,{background}\n' for n in range(ROWS))
    return (HEADER + "".join(rows)).encode()


def test_dry_run_is_read_to_its_end_by_cursor(api: Api) -> None:
    body = sheet("white")
    first = api.post(DRY_RUN, content=body, headers=RAW).json()
    assert (first["total"], len(first["items"])) == (ROWS, 10)

    cursor = first["nextCursor"]
    page = api.post(f"{DRY_RUN}&limit=1000&cursor={cursor}", content=body, headers=RAW).json()
    assert [one["row"] for one in page["items"]] == [*range(12, 1012)]


def test_dry_run_whose_rows_are_all_invalid_fits_too(api: Api) -> None:
    answer = api.post(DRY_RUN, content=sheet("garage"), headers=RAW)
    assert answer.status == 200, answer.body[:500]
    assert answer.json()["total"] == ROWS
    assert answer.json()["items"][0]["problems"]


def test_batch_and_its_pages_fit(api: Api) -> None:
    made = api.post("/api/car-batch", content=sheet("hub"), headers=RAW)
    assert made.status == 202, made.body[:500]
    batch = made.json()["jobId"]
    assert api.get(f"/api/batches/{batch}").json()["total"] == ROWS
    assert len(api.get(f"/api/batches/{batch}/input?limit=100").json()["items"]) == 100
    assert api.get(f"/api/v1/batch/{batch}/status?limit=100&cursor=9900").status == 200
