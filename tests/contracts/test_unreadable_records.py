"""A record that this version cannot read, as after a rollback, is told of and stops no list."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from imagebatch.adapters.dynamodb import DynamoDBBatchStore
from imagebatch.adapters.dynamodb.catalog import DynamoDBCatalogStore
from imagebatch.adapters.dynamodb.library import DynamoDBLibraryStore
from imagebatch.adapters.dynamodb.templates import DynamoDBTemplateStore
from imagebatch.adapters.dynamodb.uploads import DynamoDBUploadStore
from imagebatch.domain.asset_library import Folder, VariantFolder
from imagebatch.domain.batch import ItemStatus, Kind
from imagebatch.intake.sheet_templates import SheetTemplate
from imagebatch.intake.uploads import Upload, UploadKind
from testing.aws import TABLE, no_sleep
from testing.fakes.system import START
from testing.records import a_batch, an_image, an_item
from testing.variants import a_variant

THREE = range(3)
type Listing = Callable[[], list[Any]]


def uploads(make: Callable[[type], Any]) -> Listing:
    store = make(DynamoDBUploadStore)
    for n in THREE:
        at = START + timedelta(seconds=n)
        store.create(
            Upload(
                id=f"u{n}", owner="ann", kind=UploadKind.PRODUCT, original_name="a.png",
                content_type="image/png", size=7, created_at=at,
            )
        )  # fmt: skip
    return lambda: [int(each.id[1:]) for each in store.list_uploads("ann", limit=2).items][::-1]


def many_uploads(make: Callable[[type], Any]) -> Listing:
    uploads(make)
    found = partial(make(DynamoDBUploadStore).get_many, "ann", ["u0", "u1", "u2"])
    return lambda: [int(id_[1:]) for id_ in found()]


def variants(make: Callable[[type], Any]) -> Listing:
    store = make(DynamoDBCatalogStore)
    store.upsert("ann", [a_variant(n) for n in THREE])
    return lambda: [each.id for each in store.list_variants("ann", limit=2).items]


def templates(make: Callable[[type], Any]) -> Listing:
    store = make(DynamoDBTemplateStore)
    for n in THREE:
        store.put("ann", SheetTemplate(name=f"t{n}", prompt="x"), limit=9)
    return lambda: [int(each.name[1:]) for each in store.list_templates("ann")]


def folders(make: Callable[[type], Any]) -> Listing:
    store = make(DynamoDBLibraryStore)
    for n in THREE:
        at = START + timedelta(seconds=n)
        own = (VariantFolder(7, "Chair", 0, 1),)
        store.open("ann", Folder(batch_id=f"b{n}", name="", created_at=at, variants=own))
    found = partial(store.folders_of, "ann", 7, limit=5)
    return lambda: [int(each.batch_id[1:]) for each in found().items][::-1]


def images(make: Callable[[type], Any], *, of_variant: bool) -> Listing:
    batches, store = make(DynamoDBBatchStore), make(DynamoDBLibraryStore)
    batches.create(a_batch(size=3, kind=Kind.VARIANTS))
    for n in THREE:
        batch, item = batches.get("ann", "b1"), an_item(n, group="7")
        batches.add_items("ann", "b1", [item])
        done = replace(
            item, status=ItemStatus.SUCCEEDED, image=an_image(), file="a.png",
            settled_at=START + timedelta(seconds=n),
        )  # fmt: skip
        batches.commit(batch, done)
    if of_variant:
        return lambda: [each.index for each in store.images_of("ann", 7, 2)][::-1]
    inside = partial(store.images_in, "ann", "b1", first=0, last=2, limit=2)
    return lambda: [each.index for each in inside()]


CASES: dict[str, tuple[Callable[..., Listing], str, str]] = {
    "uploads": (uploads, "UPLOADS#ann", "#u1"),
    "uploads by id": (many_uploads, "UPLOADS#ann", "#u1"),
    "variants": (variants, "CATALOG#ann", "PRODUCT#0000000000000010#0000000000000001"),
    "templates": (templates, "TEMPLATES#ann", "NAME#t1"),
    "folders": (folders, "LIBRARY#ann#7", "#b1"),
    "images of a variant": (partial(images, of_variant=True), "LIBRARY#ann#7", "#000001"),
    "images in a folder": (partial(images, of_variant=False), "FOLDER#ann#b1", "#000001"),
}


@pytest.mark.parametrize("case", CASES)
def test_unreadable_record_is_reported_and_left_out(dynamodb: Any, case: str) -> None:
    told: list[str] = []

    def make(store: type) -> Any:
        return store(dynamodb, TABLE, sleep=no_sleep, report=lambda key, _: told.append(key))

    fill, partition, word = CASES[case]
    listed = fill(make)
    spoil(dynamodb, partition, word)

    assert listed() == [0, 2]
    [key] = told
    assert word in key
    assert "ann" not in key


def spoil(client: Any, partition: str, word: str) -> None:
    """Leaves the keys of the one record and nothing else."""
    found = client.scan(TableName=TABLE)["Items"]
    [record] = [r for r in found if r["pk"]["S"] == partition and r["sk"]["S"].endswith(word)]
    spoilt = {"template": {"S": "[]"}} if "template" in record else {}
    client.put_item(TableName=TABLE, Item={"pk": record["pk"], "sk": record["sk"], **spoilt})
