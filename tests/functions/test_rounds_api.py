"""Retry and redo over HTTP: what they take, what they refuse, and under which keys."""

from typing import Any

import pytest

from testing.kept import KeptBatch
from testing.rounds import Rounds
from testing.services import Deployment
from tests.functions.conftest import Answer, Api, kept_batch

pytestmark = pytest.mark.slow
"""The first of them runs a whole batch."""

SHEET = b"make,model,background\n" + b"".join(b"Audi,A%d,white\n" % n for n in range(3, 7))
OLD, NEW = "google/nano-banana-2.1", "black-forest-labs/flux-2-pro"


@pytest.fixture
def rounds(services: Deployment) -> Rounds:
    return Rounds(services)


@pytest.fixture(scope="module")
def finished() -> KeptBatch:
    return kept_batch(SHEET, "A6")


@pytest.fixture
def batch(finished: KeptBatch, rounds: Rounds) -> str:
    """Four cars, of which the last one failed; each test has its own copy."""
    return finished.restore(rounds)


@pytest.mark.parametrize("path", ["/api/batches/{}/retry", "/api/v1/batch/{}/retry"])
def test_a_retry_runs_what_failed_on_another_model(api: Api, batch: str, path: str) -> None:
    answer = api.post(path.format(batch), json={"model": NEW, "max_cost": "1.50"})
    assert answer.status == 202, answer.body
    found = answer.json()
    assert (found["round"], found["pending"], found["model"]) == (2, 1, NEW)
    assert found["cost"]["max"] == "1.50"
    assert answer.headers["location"].endswith(f"/api/batch/{batch}")


@pytest.mark.parametrize("path", ["/api/batches/{}/redo", "/api/v1/batch/{}/redo"])
def test_a_redo_makes_the_named_items_again(
    api: Api, services: Deployment, rounds: Rounds, batch: str, path: str
) -> None:
    body = {"items": ["row-0002", "row-0005"], "note": " wheels straight ", "maxCost": "1"}
    answer = api.post(path.format(batch), json=body)
    assert answer.status == 202, answer.body
    found = answer.json()
    done = found["done"]
    assert (found["round"], done, found["failed"], found["pending"]) == (2, 2, 0, 2)
    rounds.run(batch)
    item = services.store.get_item("local", batch, 0)
    assert item is not None
    assert (len(item.all_versions), item.note) == (2, "wheels straight")


def refused(answer: Answer, status: int, error: str) -> None:
    assert (answer.status, answer.json()["error"]) == (status, error)


REFUSED_REDOS: list[tuple[dict[str, Any], int, str]] = [
    ({}, 422, "Invalid fields"),
    ({"items": []}, 422, "Invalid fields"),
    ({"items": "row-0002"}, 422, "Invalid fields"),
    ({"items": ["row-0099"]}, 422, "Unknown items"),
    ({"items": ["row-0002"], "note": "n" * 1_001}, 422, "Invalid fields"),
    ({"items": ["row-0002"], "seed": -1}, 422, "Invalid fields"),
    ({"items": ["row-0002"], "seed": 1.5}, 422, "Invalid fields"),
    ({"items": ["row-0002"], "model": "x"}, 422, "Unknown model"),
    ({"items": ["row-0002"], "model": "google/imagen-3"}, 422, "Model is no longer available"),
    ({"items": ["row-0002"], "quality": "best"}, 422, "Invalid fields"),
    ({"items": ["row-0002"], "fallback": ["a", "b", "c", "d"]}, 422, "Invalid fields"),
    (
        {"items": ["row-0002"], "maxCost": "0.01"},
        422,
        "maxCost is below the amount spent",
    ),
    (
        {"items": ["row-0002"], "maxCost": "0.12"},
        402,
        "Estimated cost is over the maximum cost",
    ),
]


def test_a_redo_that_cannot_be_is_refused(api: Api, batch: str, subtests: pytest.Subtests) -> None:
    for body, status, error in REFUSED_REDOS:
        with subtests.test(body=body):
            refused(api.post(f"/api/batches/{batch}/redo", json=body), status, error)
            assert api.get(f"/api/batch/{batch}").json()["round"] == 1


def test_a_retired_model_is_refused_with_its_successor(
    api: Api, services: Deployment, batch: str
) -> None:
    overlay = f'[[models]]\nid = "{OLD}"\nstate = "retired"\nsuccessor = "{NEW}"\n'
    services.media.put("config/models.toml", overlay.encode(), "text/plain")
    # A function reads the overlay every five minutes; another one has not read it yet.
    api = Api(Deployment(services.settings, services.clients))
    answer = api.post(f"/api/batches/{batch}/retry")
    refused(answer, 422, "Model is no longer available")
    assert answer.json()["details"][0]["successor"] == NEW
    assert api.post(f"/api/batches/{batch}/retry", json={"model": NEW}).status == 202


def test_one_key_opens_one_round(api: Api, rounds: Rounds, batch: str) -> None:
    def redo(key: str, **more: Any) -> Answer:
        body = {"items": ["row-0002"], **more}
        headers = {"Idempotency-Key": key}
        return api.post(f"/api/batches/{batch}/redo", json=body, headers=headers)

    assert redo("k").json()["round"] == 2
    assert redo("k").json()["round"] == 2
    assert redo("k", note="else").status == 422
    refused(redo("l"), 409, "Batch is not finished")
    rounds.run(batch)
    assert redo("k").json()["round"] == 2
    assert redo("l").json()["round"] == 3


def test_somebody_elses_batch_has_no_rounds_to_open(api: Api, batch: str) -> None:
    bob = api.as_owner("bob")
    for name, body in (("retry", {}), ("redo", {"items": ["row-0002"]})):
        assert bob.post(f"/api/batches/{batch}/{name}", json=body).status == 404
