"""One record that this version cannot read, among good ones: every list of the API answers."""

import json
from collections.abc import Callable
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest

from imagebatch.domain.asset_library import Folder, VariantFolder
from imagebatch.domain.delivery import Delivery
from imagebatch.domain.statuses import ItemStatus, Kind
from imagebatch.domain.uploads import Upload, UploadKind
from imagebatch.intake.sheet_templates import SheetTemplate
from imagebatch.observability import metrics
from testing.aws import TABLE
from testing.fakes.system import START
from testing.records import a_batch, an_image, an_item
from testing.services import Deployment
from testing.variants import a_variant
from tests.functions.conftest import Api
from tests.functions.test_progress import look, progress

__all__ = ["progress"]
OWNER, BATCH, THREE = "local", "b1", range(3)
OF_BATCH = f"BATCH#{OWNER}#{BATCH}"


def batches(services: Deployment) -> None:
    for n in THREE:
        services.store.create(a_batch(f"b{n}", OWNER, created_at=START + timedelta(seconds=n)))


def items(services: Deployment, kind: Kind = Kind.CARS) -> None:
    services.store.create(a_batch(BATCH, OWNER, size=3, kind=kind))
    services.store.add_items(OWNER, BATCH, [an_item(n, variant_id=7) for n in THREE])


def images(services: Deployment) -> None:
    items(services, Kind.VARIANTS)
    services.catalog.upsert(OWNER, [a_variant(7)])
    variants = (VariantFolder(7, "Chair", 0, 3),)
    for id_ in (BATCH, "b2"):
        folder = Folder(batch_id=id_, name="", created_at=START, variants=variants)
        services.library.open(OWNER, folder)
    for n in THREE:
        done = an_item(
            n, variant_id=7, status=ItemStatus.SUCCEEDED, image=an_image(), file="a.png",
            settled_at=START + timedelta(seconds=n),
        )  # fmt: skip
        services.store.commit(services.records.batch(OWNER, BATCH), done)


def uploads(services: Deployment) -> None:
    for n in THREE:
        services.uploads.create(
            Upload(
                id=f"u{n}", owner=OWNER, kind=UploadKind.PRODUCT, original_name="a.png",
                content_type="image/png", size=7, created_at=START + timedelta(seconds=n),
            )
        )  # fmt: skip


def variants(services: Deployment) -> None:
    services.catalog.upsert(OWNER, [a_variant(n) for n in THREE])


def templates(services: Deployment) -> None:
    for n in THREE:
        services.manage_templates.put(OWNER, SheetTemplate(name=f"t{n}", prompt="x"))


def webhooks(services: Deployment) -> None:
    batch = a_batch(BATCH, OWNER)
    services.store.create(batch)
    for n in THREE:
        delivery = Delivery(id=f"{BATCH}-1-{n}", url="https://a.example", body={}, created_at=START)
        services.deliveries.save(batch, delivery)


CASES: dict[str, tuple[Callable[[Deployment], None], str, str, str]] = {
    "batches": (batches, "/api/batches", OF_BATCH, "BATCH"),
    "batches of all kinds": (batches, "/api/v1/batch", OF_BATCH, "BATCH"),
    "items": (items, f"/api/v1/batch/{BATCH}/status", OF_BATCH, "ITEM#000001"),
    "images": (images, f"/api/folders/{BATCH}", f"FOLDER#{OWNER}#{BATCH}", "IMAGE#000001"),
    "folders": (images, "/api/variants/7/folders", f"LIBRARY#{OWNER}#7", f"#{BATCH}"),
    "uploads": (uploads, "/api/uploads", f"UPLOADS#{OWNER}", "#u1"),
    "variants": (variants, "/api/variants", f"CATALOG#{OWNER}", f"{10:016d}#{1:016d}"),
    "templates": (templates, "/api/templates", f"TEMPLATES#{OWNER}", "NAME#t1"),
    "webhooks": (webhooks, f"/api/batches/{BATCH}/webhooks", OF_BATCH, "#000001"),
}


@pytest.mark.parametrize("case", CASES)
def test_list_leaves_an_unreadable_record_out(api: Api, services: Deployment, case: str) -> None:
    fill, path, partition, word = CASES[case]
    fill(services)
    before = api.get(path)
    assert before.status == 200, before.body
    metrics.clear_metrics()
    spoil(services, partition, word)

    after = api.get(path)
    assert after.status == 200, after.body
    assert size(before.json()) - size(after.json()) == 1
    assert "UnreadableRecords" in metrics.provider.metric_set


def size(document: dict[str, Any]) -> int:
    """Of the list itself, or of the lists of its groups."""
    found = document.get("items") or document["products"]
    return sum(len(each["variants"]) if "variants" in each else 1 for each in found)


@pytest.mark.parametrize("path", [f"/api/batch/{BATCH}", f"/api/v1/batch/{BATCH}/status"])
def test_request_for_an_unreadable_batch_is_alarmed(
    api: Api, services: Deployment, path: str
) -> None:
    """The version that wrote it can read it: the same request may work later."""
    batches(services)
    spoil(services, OF_BATCH, "BATCH")
    metrics.clear_metrics()
    answer = api.get(path)
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert "UnreadableRecords" in metrics.provider.metric_set


def test_queue_leaves_an_unreadable_batch_out(api: Api, services: Deployment) -> None:
    batches(services)
    spoil(services, OF_BATCH, "BATCH")
    assert api.get("/api/queue").status == 200


def test_watcher_passes_an_unreadable_change(
    services: Deployment, progress: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last change: whoever waited for it would wait for ever."""
    services.store.create(a_batch(BATCH, OWNER))
    for _ in THREE:
        services.store.commit(services.records.batch(OWNER, BATCH))
    spoil(services, OF_BATCH, "CHANGE#000000000003")

    answer = look(progress, BATCH, {"lastEventId": "4"})
    assert answer["statusCode"] == 200
    assert "id: 6\nevent: progress\n" in answer["body"]
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert "UnreadableRecords" in told[-1]


def spoil(services: Deployment, partition: str, word: str) -> None:
    """Leaves the keys of the one record."""
    client = services.clients.dynamodb
    found = client.scan(TableName=TABLE)["Items"]
    [record] = [r for r in found if r["pk"]["S"] == partition and r["sk"]["S"].endswith(word)]
    spoilt: dict[str, Any] = {"template": {"S": "[]"}} if "template" in record else {}
    client.put_item(TableName=TABLE, Item={"pk": record["pk"], "sk": record["sk"], **spoilt})
