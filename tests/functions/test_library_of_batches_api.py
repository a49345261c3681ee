"""The list of batches as a library: names, search, thumbnails."""

from typing import Any

import pytest

from testing.rounds import Rounds
from testing.services import Deployment
from tests.functions.conftest import Api
from tests.functions.test_variants_api import shop, submit  # noqa: F401 - a fixture of theirs

SHEET = b"make,model\nAudi,A4\nAudi,A5\nAudi,A6\n"


def cars(api: Api, name: str) -> str:
    files = {"file": ("cars.csv", SHEET, "text/csv")}
    return str(api.post("/api/car-batch", files=files, data={"name": name}).json()["jobId"])


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/api/batches", "/api/v1/batch"])
def test_batches_are_found_by_a_part_of_their_name(api: Api, path: str) -> None:
    spring, summer = cars(api, "Spring HUB"), cars(api, "Summer hub")
    cars(api, "")

    def found(**params: str) -> list[str]:
        items = api.get(path, params=params).json()["items"]
        return [str(each.get("jobId") or each.get("batch_id")) for each in items]

    assert found(q="hub") == [summer, spring]
    assert found(q=" spring ") == [spring]
    assert found(q="hub", status="completed") == []
    assert found(q="nothing of this") == []
    assert len(found()) == 3


@pytest.mark.slow
def test_a_batch_gets_another_name(api: Api) -> None:
    batch = cars(api, "Spring")
    answer = api.request("PATCH", f"/api/batches/{batch}", json={"name": " Summer "})
    assert (answer.status, answer.json()["name"]) == (200, "Summer")
    assert api.get(f"/api/v1/batch/{batch}/status").json()["name"] == "Summer"


@pytest.mark.parametrize("body", [{}, {"name": "n" * 201}, {"name": 1}, {"name": "a\u0000b"}])
def test_a_name_that_cannot_be_is_refused(api: Api, body: dict[str, Any]) -> None:
    batch = cars(api, "Spring")
    assert api.request("PATCH", f"/api/batches/{batch}", json=body).status == 422


def test_somebody_elses_batch_is_not_renamed(api: Api) -> None:
    batch = cars(api, "Spring")
    answer = api.as_owner("bob").request("PATCH", f"/api/batches/{batch}", json={"name": "x"})
    assert answer.status == 404


@pytest.mark.slow
def test_folders_are_called_after_their_batch(shop: Api) -> None:  # noqa: F811 - the fixture
    batch = submit(shop, variations=1).json()["jobId"]
    shop.request("PATCH", f"/api/batches/{batch}", json={"name": "Autumn"})
    assert shop.get(f"/api/folders/{batch}").json()["name"] == "Autumn"


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/api/batches", "/api/v1/batch"])
def test_a_list_shows_thumbnails_where_asked(api: Api, services: Deployment, path: str) -> None:
    rounds = Rounds(services)
    made, waiting = cars(api, "made"), cars(api, "waiting")
    rounds.run(made, refuses=["A4"])
    by_name = {b["name"]: b for b in api.get(f"{path}?thumbnails=1").json()["items"]}
    assert [len(by_name[name]["thumbnails"]) for name in ("made", "waiting")] == [1, 0]
    assert ".thumb.webp" in by_name["made"]["thumbnails"][0]
    assert "thumbnails" not in api.get(path).json()["items"][0]
    assert [api.get(f"{path}?thumbnails={n}").status for n in ("5", "-1", "x")] == [400] * 3
    assert waiting
