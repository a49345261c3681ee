"""Deleting through the API's own function: what is gone, what stays, what is refused."""

from copy import replace
from datetime import timedelta
from typing import Any

import pytest

from imagebatch.domain.deletion import AFTERWARDS, Deletion
from imagebatch.domain.round_state import Archive
from imagebatch.domain.rounds import publish
from imagebatch.domain.statuses import BatchStatus
from imagebatch.domain.uploads import Upload
from imagebatch.ports.finalizer import Execution
from imagebatch.usecases import keys
from testing.aws import BUCKET, TABLE
from testing.fakes import InMemoryFinalizer
from testing.kept import KeptAccount
from testing.records import a_batch, change_batch
from testing.services import Deployment
from testing.table_text import text_of
from tests.functions.conftest import Answer, Api, deployment
from tests.functions.test_variants_api import make, row, submit
from tests.intake.test_uploads import PNG

CARS = b"make,model\nVolvo,XC40\nVolvo,XC60\n"
KEY = {"Idempotency-Key": "k1"}


def end(services: Deployment, batch_id: str, owner: str = "local") -> None:
    """All of it made, archived and published."""
    make(services, batch_id, owner)
    for item in services.store.items(owner, batch_id):
        assert item.image is not None
        services.media.put(item.image.key, b"png", "image/png")
    batch = services.records.batch(owner, batch_id)
    key = keys.archive(batch_id, 1, 1)
    services.media.put(key, b"zip", "application/zip")
    archiving = change_batch(batch, status=BatchStatus.ARCHIVING)
    now = services.clock.now()
    services.store.commit(publish(archiving, Archive(key, 1, 1), now, timedelta(hours=6)))


def shirts(api: Api, services: Deployment, **more: Any) -> str:
    """A batch of two variants that has ended."""
    assert api.put("/api/variants", json=[row(1), row(2)]).status == 200
    chosen = [(1, ["https://shop.example.com/a.jpg"]), (2, ["https://shop.example.com/b.jpg"])]
    made = submit(api, *chosen, **more)
    assert made.status == 202, made.body
    batch_id = str(made.json()["jobId"])
    end(services, batch_id, api.owner or "local")
    return batch_id


@pytest.fixture(scope="module")
def finished() -> tuple[str, KeptAccount]:
    with deployment() as services:
        return shirts(Api(services), services), KeptAccount()


@pytest.fixture
def batch_id(services: Deployment, finished: tuple[str, KeptAccount]) -> str:
    """A batch of two variants that has ended; each test has its own copy."""
    batch_id, account = finished
    account.restore()
    return batch_id


def stored(services: Deployment) -> list[dict[str, Any]]:
    return services.clients.dynamodb.scan(TableName=TABLE)["Items"]


def records(services: Deployment) -> list[dict[str, Any]]:
    return [
        {name: next(iter(value.values())) for name, value in each.items()}
        for each in stored(services)
    ]


def objects(services: Deployment) -> set[str]:
    listed = services.clients.s3.list_objects_v2(Bucket=BUCKET)
    return {each["Key"] for each in listed.get("Contents", [])}


def mentions(services: Deployment, text: str) -> set[str]:
    """The partitions of the records that have the text anywhere."""
    return {each["pk"]["S"] for each in stored(services) if text in text_of(each)}


@pytest.mark.slow
def test_a_deleted_batch_leaves_nothing(api: Api, services: Deployment, batch_id: str) -> None:
    assert mentions(services, batch_id)
    assert any(batch_id in key for key in objects(services))

    assert api.request("DELETE", f"/api/batches/{batch_id}").status == 204

    assert mentions(services, batch_id) == {"DELETIONS"}
    assert not any(batch_id in key for key in objects(services))
    paths = (f"/api/batch/{batch_id}", f"/api/batches/{batch_id}", f"/api/folders/{batch_id}")
    assert [api.get(path).status for path in paths] == [404] * 3
    assert api.get("/api/v1/batch").json()["items"] == []
    assert api.get("/api/variants/1/folders").json()["items"] == []


@pytest.mark.slow
def test_a_deleted_batchs_links_show_nothing(api: Api, services: Deployment, batch_id: str) -> None:
    share = api.post(f"/api/batches/{batch_id}/share", json={"hours": 1}).json()

    api.request("DELETE", f"/api/batches/{batch_id}")

    assert mentions(services, share["id"]) == set()


@pytest.mark.slow
def test_a_batch_whose_archive_is_built_again_is_kept(
    api: Api, services: Deployment, batch_id: str
) -> None:
    batch = services.records.batch("local", batch_id)
    services.store.commit(replace(batch, rebuilding_at=services.clock.now()))

    assert delete(api, f"/api/batches/{batch_id}").status == 409


@pytest.mark.slow
def test_another_batch_is_not_touched(api: Api, services: Deployment, batch_id: str) -> None:
    kept, deleted = batch_id, shirts(api, services)
    before = {key for key in objects(services) if kept in key}

    api.request("DELETE", f"/api/batches/{deleted}")

    assert {key for key in objects(services) if kept in key} == before
    assert api.get(f"/api/batches/{kept}").json()["done"] == 2
    assert len(api.get("/api/variants/1/folders").json()["items"]) == 1


@pytest.mark.parametrize("unknown", ["0" * 32, "not-an-id"])
def test_deleting_what_is_not_there_does_nothing(api: Api, unknown: str) -> None:
    assert api.request("DELETE", f"/api/batches/{unknown}").status == 204


@pytest.mark.slow
def test_a_foreign_batch_is_kept(api: Api, batch_id: str) -> None:
    assert api.as_owner("bob").request("DELETE", f"/api/batches/{batch_id}").status == 204
    assert api.get(f"/api/batch/{batch_id}").status == 200


def test_a_running_batch_is_kept(api: Api) -> None:
    batch_id = submit_cars(api)

    answer = api.request("DELETE", f"/api/batches/{batch_id}")

    assert (answer.status, answer.json()["error"]) == (409, "Batch is still running")
    assert api.get(f"/api/batch/{batch_id}").json()["status"] == "queued"


def submit_cars(api: Api) -> str:
    made = api.post("/api/car-batch", files={"file": ("c.csv", CARS, "text/csv")}, headers=KEY)
    assert made.status == 202, made.body
    return str(made.json()["jobId"])


@pytest.mark.slow
def test_the_idempotency_key_of_a_deleted_batch_is_410(api: Api, services: Deployment) -> None:
    batch_id = submit_cars(api)
    end(services, batch_id)
    api.request("DELETE", f"/api/batches/{batch_id}")

    again = api.post("/api/car-batch", files={"file": ("c.csv", CARS, "text/csv")}, headers=KEY)

    assert again.status == 410, again.body
    assert not any("answer" in each for each in records(services))


@pytest.mark.slow
def test_what_there_was_no_time_for_is_done_later(
    api: Api, services: Deployment, batch_id: str
) -> None:
    services.delete_batch("local", batch_id, lambda: False)
    assert api.get(f"/api/batch/{batch_id}").status == 404
    assert any(batch_id in key for key in objects(services))

    assert list(services.finish_deletions(lambda: True)) == []

    assert mentions(services, batch_id) == {"DELETIONS"}
    assert not any(batch_id in key for key in objects(services))


@pytest.mark.slow
def test_a_deletion_ends_once_no_invocation_is_left(
    api: Api, services: Deployment, monkeypatch: pytest.MonkeyPatch, batch_id: str
) -> None:
    """A finalizer that was at work when the batch was deleted may write an archive afterwards."""
    api.request("DELETE", f"/api/batches/{batch_id}")
    services.media.put(keys.archive(batch_id, 1, 2), b"zip", "application/zip")
    later = services.clock.now() + AFTERWARDS
    monkeypatch.setattr(type(services.clock), "now", lambda _: later)

    assert list(services.finish_deletions(lambda: True)) == [batch_id]

    assert mentions(services, batch_id) == set()
    assert not any(batch_id in key for key in objects(services))


def test_the_finalizer_of_every_round_is_stopped(services: Deployment) -> None:
    finalizer = InMemoryFinalizer()
    runs = [(1, 1), (1, 2), (2, 1)]
    for run in runs:
        finalizer.start("local", "b1", *run)
    remove = replace(services.remove_batch, finalizer=finalizer)

    assert remove(Deletion.of(a_batch(owner="local", round=2), services.clock.now()), lambda: True)

    assert {finalizer.state("b1", *run) for run in runs} == {Execution.ENDED}


@pytest.mark.slow
def test_a_dropped_sheets_results_go_with_its_batch(services: Deployment) -> None:
    """Of two batches from the same name each goes with its own."""
    services.store.reserve_outbox_name("outbox/ann/cars", "b" * 32, services.clock.now())
    for name in ("cars.zip", "cars.json", "cars-aaaaaaaa.zip", "cars-aaaaaaaa.json", "bikes.zip"):
        services.media.put(f"outbox/ann/{name}", b"x", "application/zip")

    steps = {"a": {"cars.zip", "cars.json", "bikes.zip"}, "b": {"bikes.zip"}}
    for letter, left in steps.items():
        batch_id = letter * 32
        batch = a_batch(batch_id, drop_key="inbox/ann/cars.csv")
        services.remove_batch(Deletion.of(batch, services.clock.now()), lambda: True)
        assert objects(services) == {f"outbox/ann/{name}" for name in left}
    assert mentions(services, "outbox/ann/cars") == set()


# --- uploads, variants, images --------------------------------------------------------------------


def uploaded(api: Api) -> tuple[str, str]:
    """The id and the signed URL of an image."""
    files = {"file": ("front.png", PNG, "image/png")}
    made = api.post("/api/uploads", files=files, data={"kind": "product"}).json()["file"]
    return made["id"], made["url"]


def delete(api: Api, path: str) -> Answer:
    return api.request("DELETE", path)


@pytest.mark.slow
def test_a_deleted_upload_leaves_nothing(api: Api, services: Deployment) -> None:
    upload_id, _ = uploaded(api)
    kept, _ = uploaded(api)
    assert delete(api.as_owner("bob"), f"/api/uploads/{upload_id}").status == 204
    assert len(api.get("/api/uploads").json()["items"]) == 2

    assert [delete(api, f"/api/uploads/{upload_id}").status for _ in range(2)] == [204, 204]

    assert mentions(services, upload_id) == set()
    assert objects(services) == {keys.upload(kept)}


@pytest.mark.slow
def test_an_upload_that_a_running_batch_uses_is_kept(api: Api, services: Deployment) -> None:
    upload_id, url = uploaded(api)
    api.put("/api/variants", json=[row(1)])
    batch_id = submit(api, (1, [url]), name="Spring").json()["jobId"]

    answer = delete(api, f"/api/uploads/{upload_id}")

    assert (answer.status, answer.json()["error"]) == (409, "An unfinished batch uses it")
    assert batch_id in answer.json()["detail"]
    assert "Spring" in answer.json()["detail"]
    end(services, batch_id)
    assert delete(api, f"/api/uploads/{upload_id}").status == 204


def test_an_upload_deleted_while_it_is_checked_stays_deleted(
    api: Api, services: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = {"kind": "product", "filename": "a.png", "contentType": "image/png", "size": len(PNG)}
    upload_id = api.post("/api/uploads", json=sent).json()["file"]["id"]
    services.media.put(keys.incoming(upload_id), PNG, "image/png")
    settle = services.uploads.settle

    def deleted_first(upload: Upload) -> None:
        services.uploads.delete("local", upload_id)
        settle(upload)

    monkeypatch.setattr(services.uploads, "settle", deleted_first)
    services.check_upload(keys.incoming(upload_id))

    assert objects(services) == set()
    assert mentions(services, upload_id) == set()


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["1", "7", "0", "x", "9" * 20])
@pytest.mark.usefixtures("batch_id")
def test_a_deleted_variant_leaves_the_catalog(api: Api, variant: str) -> None:
    assert delete(api, f"/api/variants/{variant}").status == 204

    left = [2] if variant == "1" else [1, 2]
    [product] = api.get("/api/variants").json()["items"]
    assert [each["variantId"] for each in product["variants"]] == left
    assert len(api.get("/api/variants/1/folders").json()["items"]) == 1


@pytest.mark.slow
def test_a_deleted_image_is_nowhere(api: Api, services: Deployment, batch_id: str) -> None:
    [image] = api.get(f"/api/folders/{batch_id}.1").json()["items"]
    services.media.put(f"library/{batch_id}/000000-0000000000000000", b"older", "image/png")

    path = f"/api/folders/{batch_id}.1/images/{image['id']}"
    assert [delete(api, path).status for _ in range(2)] == [204, 204]

    left = {key for key in objects(services) if key.startswith(("library/", "archives/"))}
    assert {key.rsplit("/", 1)[1].split("-")[0] for key in left} == {"000001"}
    assert api.get(f"/api/folders/{batch_id}.1").json()["items"] == []
    assert len(api.get(f"/api/folders/{batch_id}").json()["items"]) == 1
    assert api.get("/api/variants/1/folders").json()["items"][0]["items"] == []
    items = api.get(f"/api/v1/batch/{batch_id}/status").json()["items"]
    assert [each["thumbnail_url"] is None for each in items] == [True, False]
    shown = api.get(f"/api/batch/{batch_id}").json()
    assert (shown["status"], shown["zipUrl"]) == ("expired", None)


@pytest.mark.slow
def test_an_image_of_a_batch_of_cars_is_deleted(api: Api, services: Deployment) -> None:
    batch_id = submit_cars(api)
    end(services, batch_id)

    assert delete(api, f"/api/folders/{batch_id}/images/{batch_id}.0001").status == 204

    [left] = api.get(f"/api/folders/{batch_id}").json()["items"]
    assert left["id"] == f"{batch_id}.0000"
    images = {key for key in objects(services) if "/images/" in key}
    assert len(images) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("folder", "image"),
    [("{}", "{}.0009"), ("{}.1", "{}.0001"), ("{}.9", "{}.0000"), ("x", "{}.0000"), ("{}", "x")],
)
def test_image_outside_the_folder_is_kept(
    api: Api, services: Deployment, folder: str, image: str, batch_id: str
) -> None:
    path = f"/api/folders/{folder.format(batch_id)}/images/{image.format(batch_id)}"
    pictures = {key for key in objects(services) if key.startswith("library/")}

    for caller in (api, api.as_owner("bob")):
        assert delete(caller, path).status == 204

    assert {key for key in objects(services) if key.startswith("library/")} == pictures
    assert len(api.get(f"/api/folders/{batch_id}").json()["items"]) == 2


@pytest.mark.slow
def test_an_image_that_a_running_batch_uses_is_kept(api: Api, batch_id: str) -> None:
    [image] = api.get(f"/api/folders/{batch_id}.1").json()["items"]
    using = submit(api, (1, [image["url"]])).json()["jobId"]

    answer = delete(api, f"/api/folders/{batch_id}.1/images/{image['id']}")

    assert answer.status == 409
    assert using in answer.json()["detail"]
    running = delete(api, f"/api/folders/{using}/images/{using}.0000")
    assert running.status == 409
