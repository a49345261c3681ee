"""A record that this version cannot read, as after a rollback, is told of and stops no list."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from imagebatch.adapters.dynamodb import DynamoDBBatchStore, keys
from imagebatch.adapters.dynamodb.accounts import DynamoDBAccountStore
from imagebatch.adapters.dynamodb.catalog import DynamoDBCatalogStore
from imagebatch.adapters.dynamodb.change_feed import DynamoDBChangeFeed
from imagebatch.adapters.dynamodb.deletions import DynamoDBDeletionStore
from imagebatch.adapters.dynamodb.deliveries import DynamoDBDeliveryStore
from imagebatch.adapters.dynamodb.erasures import DynamoDBErasureStore
from imagebatch.adapters.dynamodb.library import DynamoDBLibraryStore
from imagebatch.adapters.dynamodb.model_checks import DynamoDBModelCheckStore
from imagebatch.adapters.dynamodb.outages import DynamoDBBreakerStore
from imagebatch.adapters.dynamodb.refusals import DynamoDBRefusalLog
from imagebatch.adapters.dynamodb.shares import DynamoDBShareStore
from imagebatch.adapters.dynamodb.table import key_of
from imagebatch.adapters.dynamodb.templates import DynamoDBTemplateStore
from imagebatch.adapters.dynamodb.uploads import DynamoDBUploadStore
from imagebatch.domain.asset_library import Folder, VariantFolder
from imagebatch.domain.budgets import Account, Balance
from imagebatch.domain.deletion import Deletion
from imagebatch.domain.delivery import Delivery
from imagebatch.domain.erasure import Erasure
from imagebatch.domain.shares import Share
from imagebatch.domain.statuses import ItemStatus, Kind
from imagebatch.domain.uploads import Upload, UploadKind
from imagebatch.intake.sheet_templates import SheetTemplate
from testing.aws import TABLE, no_sleep
from testing.fakes.system import START
from testing.records import a_batch, an_image, an_item, change_item
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
        batch, item = batches.get("ann", "b1"), an_item(n, variant_id=7)
        batches.add_items("ann", "b1", [item])
        done = change_item(
            item, status=ItemStatus.SUCCEEDED, image=an_image(), file="a.png",
            settled_at=START + timedelta(seconds=n),
        )  # fmt: skip
        batches.commit(batch, done)
    if of_variant:
        return lambda: [each.index for each in store.images_of("ann", 7, 2)][::-1]
    inside = partial(store.images_in, "ann", "b1", first=0, last=2, limit=2)
    return lambda: [each.index for each in inside()]


def a_table_of_items(make: Callable[[type], Any]) -> Any:
    store = make(DynamoDBBatchStore)
    store.create(a_batch(size=3))
    store.add_items("ann", "b1", [an_item(n) for n in THREE])
    return store


def items(make: Callable[[type], Any], *, limit: int | None) -> Listing:
    find = partial(a_table_of_items(make).items, "ann", "b1", limit=limit)
    return lambda: [each.index for each in find()]


def items_of_the_feed(make: Callable[[type], Any]) -> Listing:
    a_table_of_items(make)
    feed = make(DynamoDBChangeFeed)
    return lambda: [each.index for each in feed.items("BATCH#ann#b1")]


def write_changes(make: Callable[[type], Any]) -> Any:
    store = make(DynamoDBBatchStore)
    store.create(a_batch(size=3))
    for _ in THREE:
        store.commit(store.get("ann", "b1"))
    return store


def changes(make: Callable[[type], Any], *, limit: int) -> Listing:
    store = write_changes(make)
    return lambda: [each.seq - 1 for each in store.changes("ann", "b1", 0, limit)]


def changes_of_the_feed(make: Callable[[type], Any], client: Any) -> Listing:
    write_changes(make)
    feed = make(DynamoDBChangeFeed)

    def listed() -> list[int]:
        images = client.scan(TableName=TABLE)["Items"]
        told = [{"dynamodb": {"NewImage": image}} for image in images]
        return sorted(fed.change.seq - 1 for fed in feed.changes(told))

    return listed


def batches(make: Callable[[type], Any], *, word: str) -> Listing:
    store = make(DynamoDBBatchStore)
    for n in THREE:
        store.create(a_batch(f"b{n}", created_at=START + timedelta(seconds=n)))
    found: dict[str, Callable[[], Any]] = {
        "listed": lambda: reversed(store.list_batches("ann", limit=2).items),
        "unfinished": store.unfinished_batches,
    }
    return lambda: [int(each.id[1:]) for each in found[word]()]


def catalog(make: Callable[[type], Any]) -> Listing:
    variants(make)
    return lambda: sorted(make(DynamoDBCatalogStore).get_many("ann", THREE))


def shares(make: Callable[[type], Any]) -> Listing:
    store = make(DynamoDBShareStore)
    for n in THREE:
        store.put(
            Share(
                id=f"s{n}", owner="ann", batch_id="b1", token_hash="x", created_at=START,
                expires_at=START + timedelta(hours=1),
            ),
            limit=3,
        )  # fmt: skip
    return lambda: [int(each.id[1:]) for each in store.of_batch("ann", "b1")]


def deliveries(make: Callable[[type], Any]) -> Listing:
    store = make(DynamoDBDeliveryStore)
    for n in THREE:
        delivery = Delivery(id=f"b1-1-{n}", url="https://a.example", body={}, created_at=START)
        store.save(a_batch(), delivery)
    return lambda: [int(each.id[-1]) for each in store.list_deliveries("ann", "b1")]


def deletions(make: Callable[[type], Any]) -> Listing:
    batches(make, word="listed")
    store = make(DynamoDBDeletionStore)
    for n in THREE:
        batch = make(DynamoDBBatchStore).get("ann", f"b{n}")
        store.start(batch, Deletion.of(batch, START))
    return lambda: [int(each.batch_id[1:]) for each in store.pending()]


def erasures(make: Callable[[type], Any]) -> Listing:
    store = make(DynamoDBErasureStore)
    for n in THREE:
        store.start(Erasure(id=f"e{n}", owner=f"ann{n}", started_at=START))
    return lambda: [int(each.id[1:]) for each in store.running()]


def balances(make: Callable[[type], Any]) -> Listing:
    store = make(DynamoDBAccountStore)
    for n in THREE:
        store.correct(Account(f"bob-{n}"), Balance(reserved=Decimal(1)))
    return lambda: sorted(int(each.owner[-1]) for each in store.balances([]))


CASES: dict[str, tuple[Callable[..., Listing], str, str]] = {
    "uploads": (uploads, "UPLOADS#ann", "#u1"),
    "uploads by id": (many_uploads, "UPLOADS#ann", "#u1"),
    "variants": (variants, "CATALOG#ann", "PRODUCT#0000000000000010#0000000000000001"),
    "templates": (templates, "TEMPLATES#ann", "NAME#t1"),
    "folders": (folders, "LIBRARY#ann#7", "#b1"),
    "images of a variant": (partial(images, of_variant=True), "LIBRARY#ann#7", "#000001"),
    "images in a folder": (partial(images, of_variant=False), "FOLDER#ann#b1", "#000001"),
    "items": (partial(items, limit=None), "BATCH#ann#b1", "ITEM#000001"),
    "the first items": (partial(items, limit=2), "BATCH#ann#b1", "ITEM#000001"),
    "items of the feed": (items_of_the_feed, "BATCH#ann#b1", "ITEM#000001"),
    "changes": (partial(changes, limit=9), "BATCH#ann#b1", "CHANGE#000000000002"),
    "the first changes": (partial(changes, limit=2), "BATCH#ann#b1", "CHANGE#000000000002"),
    "changes of the feed": (changes_of_the_feed, "BATCH#ann#b1", "CHANGE#000000000002"),
    "batches": (partial(batches, word="listed"), "BATCH#ann#b1", "BATCH"),
    "entries of the list": (partial(batches, word="listed"), "OWNER#ann", "#b1"),
    "unfinished batches": (partial(batches, word="unfinished"), "BATCH#ann#b1", "BATCH"),
    "variants by id": (catalog, "CATALOG#ann", "VARIANT#0000000000000001"),
    "pointers to uploads": (many_uploads, "UPLOAD#u1", "OWNER"),
    "shares": (shares, "BATCH#ann#b1", "SHARE#s1"),
    "deliveries": (deliveries, "BATCH#ann#b1", "#000001"),
    "deletions": (deletions, "DELETIONS", "#b1"),
    "erasures": (erasures, "ERASE#e1", "JOB"),
    "accounts": (balances, "PLACES", "bob-1"),
}


@pytest.mark.parametrize("case", CASES)
def test_unreadable_record_is_reported_and_left_out(dynamodb: Any, case: str) -> None:
    told: list[str] = []

    def make(store: type) -> Any:
        more: Any = {} if store is DynamoDBChangeFeed else {"sleep": no_sleep}
        if store is DynamoDBErasureStore:
            more["default_owner"] = "drop-folder"
        return store(dynamodb, TABLE, report=lambda key, _: told.append(key), **more)

    fill, partition, word = CASES[case]
    listed = fill(make, dynamodb) if fill is changes_of_the_feed else fill(make)
    spoil(dynamodb, partition, word)

    assert listed() == [0, 2]
    [key] = told
    assert "ann" not in key.split("#")[0]
    assert "bob" not in key


def test_unfinished_batch_is_found_by_its_key(dynamodb: Any) -> None:
    store = DynamoDBBatchStore(dynamodb, TABLE, sleep=no_sleep)
    store.create(a_batch())
    spoil(dynamodb, "UNFINISHED", "ann#b1")
    assert [each.id for each in store.unfinished_batches()] == ["b1"]


@pytest.mark.slow
def test_state_of_one_item_leaves_the_page_whole(dynamodb: Any) -> None:
    """The second record of an item is what a page may cut off."""
    store = DynamoDBBatchStore(dynamodb, TABLE, sleep=no_sleep)
    store.create(a_batch(size=5))
    store.add_items("ann", "b1", [an_item(n) for n in range(5)])
    for item in list(store.items("ann", "b1")):
        store.save_item("ann", "b1", change_item(item, attempts=1))
    spoil(dynamodb, "BATCH#ann#b1", "ITEM#000001#STATE", status={"S": "rewinding"})
    found = [(each.index, each.state.attempts) for each in store.items("ann", "b1", limit=3)]
    assert found == [(0, 1), (2, 1), (3, 1)]


@pytest.mark.slow
def test_unreadable_image_is_removed_from_its_variant(dynamodb: Any) -> None:
    """A deletion reads no more of an image than its place."""

    def make(store: type) -> Any:
        return store(dynamodb, TABLE, sleep=no_sleep)

    listed = images(make, of_variant=True)
    own = (VariantFolder(7, "Chair", 0, 3),)
    folder = Folder(batch_id="b1", name="", created_at=START, variants=own)
    make(DynamoDBLibraryStore).open("ann", folder)
    found = dynamodb.scan(TableName=TABLE)["Items"]
    for record in found:
        if record["pk"]["S"].startswith("FOLDER#"):
            dynamodb.put_item(TableName=TABLE, Item={n: v for n, v in record.items() if n != "key"})
    deletion = Deletion(owner="ann", batch_id="b1", round=1, started_at=START)
    assert make(DynamoDBDeletionStore).remove_records(deletion, [], lambda: True)
    assert listed() == []


def test_unreadable_variant_is_replaced_and_removed(dynamodb: Any) -> None:
    store = DynamoDBCatalogStore(dynamodb, TABLE, sleep=no_sleep)
    store.upsert("ann", [a_variant(1)])
    spoil(dynamodb, "CATALOG#ann", "VARIANT#0000000000000001")
    assert store.upsert("ann", [a_variant(1)]) == 0
    assert store.get_many("ann", [1]) == {1: a_variant(1)}
    spoil(dynamodb, "CATALOG#ann", "VARIANT#0000000000000001")
    store.delete("ann", 1)
    assert not any("VARIANT#" in r["sk"]["S"] for r in dynamodb.scan(TableName=TABLE)["Items"])


def test_event_is_told_after_an_unreadable_change(dynamodb: Any) -> None:
    write_changes(lambda store: store(dynamodb, TABLE, sleep=no_sleep))
    spoil(dynamodb, "BATCH#ann#b1", "CHANGE#000000000002")
    feed = DynamoDBChangeFeed(dynamodb, TABLE)
    [third] = [
        fed
        for image in dynamodb.scan(TableName=TABLE)["Items"]
        for fed in feed.changes([{"dynamodb": {"NewImage": image}}])
        if fed.change.seq == 3
    ]
    before = feed.before(third)
    assert before is not None
    assert before.seq == 1


def test_unreadable_facts_of_models_are_unknown(dynamodb: Any) -> None:
    """A breaker is closed, nothing is known of a model, and no refusal is told."""
    records = {
        keys.MODEL_CHECKS: {"models": {"S": '{"m": {}}'}},
        keys.circuit_breaker("replicate", "m"): {"failures": {"S": "many"}},
        keys.provider_refusal("replicate"): {"at": {"S": "lately"}},
    }
    for key, attributes in records.items():
        dynamodb.put_item(TableName=TABLE, Item=key_of(key) | attributes)
    told: list[str] = []
    report: Any = lambda key, _: told.append(key)  # noqa: E731 - as short as the stores' own
    assert DynamoDBModelCheckStore(dynamodb, TABLE, report=report).load() == {}
    assert DynamoDBBreakerStore(dynamodb, TABLE, report=report).get("replicate", "m").at_rest
    assert DynamoDBRefusalLog(dynamodb, TABLE, report=report).last("replicate") is None
    assert len(told) == 3


def spoil(client: Any, partition: str, word: str, **attributes: Any) -> None:
    """Leaves the keys of the one record and nothing else, or with these attributes."""
    found = client.scan(TableName=TABLE)["Items"]
    [record] = [r for r in found if r["pk"]["S"] == partition and r["sk"]["S"].endswith(word)]
    spoilt = {"template": {"S": "[]"}} if "template" in record else attributes
    client.put_item(TableName=TABLE, Item={"pk": record["pk"], "sk": record["sk"], **spoilt})
