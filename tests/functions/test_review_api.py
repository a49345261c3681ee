"""A batch is looked through: versions, choices, and an archive that follows them."""

import io
from copy import replace
from typing import Any
from urllib.parse import quote
from zipfile import ZipFile

import pytest

from testing.aws import BUCKET
from testing.kept import KeptBatch
from testing.rounds import Rounds
from testing.services import Deployment
from tests.functions.conftest import Answer, Api, kept_batch

pytestmark = pytest.mark.slow
"""The first of them runs a whole batch."""

HEADER = b"make,model,background,aspect_ratio\n"
ROWS = [b"Volvo,V%d,white,%s\n" % (n, b"9:16" if n == 4 else b"16:9") for n in range(12)]
REDONE, FAILED = "row-0008", "row-0011"


@pytest.fixture
def rounds(services: Deployment) -> Rounds:
    return Rounds(services)


@pytest.fixture(scope="module")
def finished() -> KeptBatch:
    return kept_batch(HEADER + b"".join(ROWS), "V9")


@pytest.fixture
def batch(finished: KeptBatch, rounds: Rounds) -> str:
    """Twelve cars, of which one is a portrait and one failed; each test has its own copy."""
    return finished.restore(rounds)


def item(api: Api, batch: str, custom_id: str) -> dict[str, Any]:
    answer = api.get(f"/api/v1/batch/{batch}/items/{custom_id}")
    assert answer.status == 200, answer.body
    return dict(answer.json())


def choose(api: Api, batch: str, custom_id: str, version: Any) -> Answer:
    path = f"/api/v1/batch/{batch}/items/{custom_id}/choice"
    return api.put(path, json={"version": version})


def archive(services: Deployment, batch: str) -> ZipFile:
    found = services.records.batch("local", batch).state.archive
    assert found is not None
    return ZipFile(io.BytesIO(services.media.get(found.key) or b""))


def body(services: Deployment, url: str) -> bytes | None:
    return services.media.get(services.media.key_of(url) or "")


def test_a_batch_is_looked_through_and_archived_as_chosen(
    api: Api, services: Deployment, rounds: Rounds, batch: str
) -> None:
    redo = {"items": [REDONE], "note": "wheels straight"}
    assert api.post(f"/api/batches/{batch}/redo", json=redo).status == 202
    rounds.run(batch)
    found = item(api, batch, REDONE)
    first, second = found["versions"]
    assert [v["chosen"] for v in found["versions"]] == [False, True]
    assert second["prompt"] == f"{first['prompt']}\nwheels straight"
    assert (found["cells"][1], found["note"]) == ("V6", "wheels straight")

    chosen = choose(api, batch, REDONE, 1)
    assert (chosen.status, chosen.json()["chosen_version"]) == (200, 1)
    assert api.get(f"/api/batch/{batch}").json()["archive"]["outdated"] is True
    answer = api.post(f"/api/batches/{batch}/archive")
    assert answer.status == 202
    assert answer.json()["status"] == "completed"
    assert answer.json()["archive"]["state"] == "building"
    rounds.finalize(batch)
    state = api.get(f"/api/v1/batch/{batch}/status").json()["archive"]
    assert (state["state"], state["outdated"]) == ("ready", False)

    names = archive(services, batch).namelist()
    images = [name for name in names if name.endswith(".png")]
    assert len(images) == 12
    alternates = [name for name in images if name.startswith("alternates/")]
    assert alternates == ["alternates/Volvo-V6-white-v2.png"]
    opened = archive(services, batch)
    assert opened.read("Volvo-V6-white.png") == body(services, first["url"])
    assert opened.read(alternates[0]) == body(services, second["url"])
    assert "failed_rows.csv" in names
    assert len(rounds.provider.created) == 13


def test_finished_stream_does_not_restart_for_a_choice(
    api: Api, rounds: Rounds, batch: str
) -> None:
    path = f"/api/v1/batch/{batch}/progress"
    events = [api.get(path).body]
    last = [line for line in events[0].splitlines() if line.startswith("id:")][-1].split()[1]
    assert choose(api, batch, "row-0002", 1).status == 200
    api.post(f"/api/v1/batch/{batch}/archive")
    assert api.get(path, headers={"last-event-id": last}).status == 204


def test_an_expired_archive_is_offered_again(api: Api, rounds: Rounds, batch: str) -> None:
    rounds.forget_archive(batch)
    assert api.get(f"/api/v1/batch/{batch}/download").status == 410
    answer = api.post(f"/api/v1/batch/{batch}/archive")
    assert (answer.status, answer.json()["status"]) == (202, "expired")
    rounds.finalize(batch)
    assert api.get(f"/api/v1/batch/{batch}/download").status == 302
    assert len(rounds.provider.created) == 12


def test_an_image_is_downloaded_under_its_name(api: Api, batch: str) -> None:
    path = f"/api/v1/batch/{batch}/items/row-0002/download"
    answer = api.get(path)
    assert answer.status == 302
    assert "attachment" in answer.headers["location"]
    assert "Volvo-V0-white.png" in answer.headers["location"]
    as_json = api.get(path, headers={"accept": "application/json"}).json()
    assert "Volvo-V0-white.png" in as_json["url"]
    failed = api.get(f"/api/v1/batch/{batch}/items/{FAILED}/download")
    assert (failed.status, failed.json()["error"]) == (409, "Item has no image")


CANNOT_BE_CHOSEN: list[tuple[str, Any, int]] = [
    (REDONE, 2, 422),
    (REDONE, 0, 422),
    (REDONE, "1", 422),
    (REDONE, None, 422),
    (FAILED, 1, 422),
    ("row-0099", 1, 404),
    ("row-0001", 1, 404),
]


def test_what_cannot_be_chosen_is_refused(api: Api, batch: str, subtests: pytest.Subtests) -> None:
    for custom_id, version, status in CANNOT_BE_CHOSEN:
        with subtests.test(custom_id=custom_id, version=version):
            assert choose(api, batch, custom_id, version).status == status


def test_an_item_of_the_clients_own_id_is_found(api: Api, rounds: Rounds) -> None:
    sheet = b"make,model,custom_id\nAudi,A4,der Wagen & co\nAudi,A5,item-0001\n"
    files = {"file": ("cars.csv", sheet, "text/csv")}
    batch = str(api.post("/api/car-batch", files=files).json()["jobId"])
    rounds.run(batch)
    assert item(api, batch, quote("der Wagen & co", safe=""))["index"] == 0
    assert item(api, batch, "item-0001")["index"] == 1


def test_somebody_elses_items_are_not_found(api: Api, batch: str) -> None:
    bob = api.as_owner("bob")
    where = f"/api/v1/batch/{batch}/items/{REDONE}"
    assert [bob.get(where).status, bob.get(f"{where}/download").status] == [404, 404]
    assert choose(bob, batch, REDONE, 1).status == 404
    assert bob.post(f"/api/batches/{batch}/archive").status == 404


def test_outbox_has_newest_archive_under_same_name(
    api: Api, services: Deployment, rounds: Rounds, batch: str
) -> None:
    dropped = replace(services.records.batch("local", batch), drop_key="inbox/local/cars.csv")
    services.store.commit(dropped)
    seen = []
    api.post(f"/api/batches/{batch}/redo", json={"items": [REDONE]})
    rounds.run(batch)
    for version in (1, 2):
        found = services.records.batch("local", batch).state.archive
        assert found is not None
        seen.append(services.media.get("outbox/local/cars.zip"))
        assert seen[-1] == services.media.get(found.key)
        assert services.media.get("outbox/local/cars.json")
        choose(api, batch, REDONE, version)
        api.post(f"/api/batches/{batch}/archive")
        rounds.finalize(batch)
    seen.append(services.media.get("outbox/local/cars.zip"))
    assert seen[0] != seen[1] != seen[2]
    listed = services.clients.s3.list_objects_v2(Bucket=BUCKET, Prefix="outbox/")["Contents"]
    assert len(listed) == 2
