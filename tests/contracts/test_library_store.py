"""The library: written with the settle by the batch store, read by the library store."""

from collections.abc import Sequence
from copy import replace
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from imagebatch.adapters.dynamodb import DynamoDBBatchStore
from imagebatch.adapters.dynamodb.library import DynamoDBLibraryStore
from imagebatch.domain.asset_library import Folder, VariantFolder
from imagebatch.domain.errors import ConflictError, Failure, FailureCode, InvalidRequestError
from imagebatch.domain.images import Version
from imagebatch.domain.item import Item
from imagebatch.domain.statuses import BatchStatus, ItemStatus, Kind
from imagebatch.domain.transitions import mark_output_lost
from imagebatch.domain.versions import add, choose
from imagebatch.ports.library import LibraryStore
from imagebatch.ports.records import BatchStore
from testing.aws import TABLE, no_sleep
from testing.fakes import InMemoryBatchStore
from testing.fakes.system import START
from testing.records import a_batch, an_image, an_item, change_batch, change_item

LOST = Failure.of(FailureCode.INTERNAL, "gone")


@dataclass
class Stores:
    batches: BatchStore
    library: LibraryStore
    client: Any = None

    def settle(
        self, index: int, *, variant: int = 7, batch_id: str = "b1", at: datetime = START,
        status: ItemStatus = ItemStatus.SUCCEEDED,
    ) -> Item:  # fmt: skip
        """An item of the batch settles, as the worker writes it."""
        batch = self.batches.get("ann", batch_id)
        if batch is None:
            self.batches.create(a_batch(batch_id, size=9, kind=Kind.VARIANTS))
            batch = self.batches.get("ann", batch_id)
        assert batch is not None
        item = an_item(index, variant_id=variant, archive_dir="Chair")
        self.batches.add_items("ann", batch_id, [item])
        made = status is ItemStatus.SUCCEEDED
        image = an_image(f"library/{batch_id}/{index:06d}-0123456789abcdef") if made else None
        file = f"Chair-{index}.png" if made else None
        done = change_item(item, status=status, image=image, file=file, settled_at=at)
        _, written = self.batches.commit(replace(batch, updated_at=at), done)
        assert written is not None
        return written

    def of(self, variant: int, limit: int = 50) -> list[tuple[str, int]]:
        return [(i.batch_id, i.index) for i in self.library.images_of("ann", variant, limit)]

    def inside(self, first: int = 0, last: int = 8, batch_id: str = "b1") -> list[int]:
        found = self.library.images_in("ann", batch_id, first=first, last=last, limit=100)
        return [image.index for image in found]


@pytest.fixture(params=["memory", "dynamodb"])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "memory":
        batches = InMemoryBatchStore()
        return Stores(batches, batches.library)
    client = request.getfixturevalue("dynamodb")
    return Stores(
        DynamoDBBatchStore(client, TABLE, sleep=no_sleep),
        DynamoDBLibraryStore(client, TABLE, sleep=no_sleep),
        client,
    )


def a_folder(batch_id: str = "b1", *variants: int, at: datetime = START) -> Folder:
    own = tuple(VariantFolder(v, f"Chair {v}", n, 1) for n, v in enumerate(variants or (7,)))
    return Folder(batch_id=batch_id, name="Spring", created_at=at, variants=own)


def later(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


# --- images ---------------------------------------------------------------------------------------


def test_image_is_once_in_variant_and_batch_folder(stores: Stores) -> None:
    item = stores.settle(3)
    [of_variant] = stores.library.images_of("ann", 7, 50)
    [of_batch] = stores.library.images_in("ann", "b1", first=0, last=8, limit=100)
    assert of_variant == of_batch
    assert item.image is not None
    assert (of_batch.key, of_batch.file, of_batch.variant_id) == (item.image.key, "Chair-3.png", 7)
    assert of_batch.created_at == START


def test_a_variants_images_come_newest_first(stores: Stores) -> None:
    for index, minutes in ((0, 5), (1, 1), (2, 9)):
        stores.settle(index, at=later(minutes))
    stores.settle(0, batch_id="b2", at=later(7))
    stores.settle(1, variant=8, batch_id="b2", at=later(8))
    assert stores.of(7) == [("b1", 2), ("b2", 0), ("b1", 0), ("b1", 1)]
    assert stores.of(7, limit=2) == [("b1", 2), ("b2", 0)]


def test_batch_images_are_in_item_order(stores: Stores) -> None:
    for index, minutes in ((5, 1), (0, 5), (3, 3)):
        stores.settle(index, at=later(minutes))
    assert stores.inside() == [0, 3, 5]
    assert stores.inside(1, 4) == [3]
    assert stores.inside(4, 3) == []
    found = stores.library.images_in("ann", "b1", first=0, last=8, limit=2)
    assert [image.index for image in found] == [0, 3]


def test_images_are_found_by_batch_and_index(stores: Stores) -> None:
    stores.settle(3)
    found = stores.library.get_images("ann", [("b1", 3), ("b1", 4), ("b1", 3), ("b2", 3)])
    assert list(found) == [("b1", 3)]
    assert stores.library.get_images("ann", []) == {}


@pytest.mark.parametrize("status", [ItemStatus.FAILED, ItemStatus.CANCELLED])
def test_what_has_no_image_is_in_no_folder(stores: Stores, status: ItemStatus) -> None:
    stores.settle(0, status=status)
    assert (stores.of(7), stores.inside()) == ([], [])


def test_conflicting_settle_writes_nothing_to_the_library(stores: Stores) -> None:
    item = stores.settle(0)
    stores.settle(1)
    batch = stores.batches.get("ann", "b1")
    assert batch is not None
    other = replace(item, index=2, version=0)
    with pytest.raises(ConflictError):
        stores.batches.commit(replace(batch, version=0), other)
    assert stores.inside() == [0, 1]


def test_an_image_that_is_lost_leaves_the_library(stores: Stores) -> None:
    item = stores.settle(0)
    stores.settle(1)
    batch = stores.batches.get("ann", "b1")
    assert batch is not None
    batch = change_batch(
        batch,
        status=BatchStatus.ARCHIVING,
        counts=replace(batch.counts, pending=7, succeeded=2),
        updated_at=later(9),
    )
    stores.batches.commit(*mark_output_lost(batch, item, LOST))
    assert (stores.of(7), stores.inside()) == ([("b1", 1)], [1])


def test_of_an_items_versions_the_chosen_one_is_listed(stores: Stores) -> None:
    item, other = stores.settle(0), an_image("library/b1/000000-fedcba9876543210")
    redone = change_item(item, versions=item.all_versions, round=1, status=ItemStatus.PROCESSING)
    made = Version(round=1, image=other, file="Chair-0.png", created_at=later(5))
    batch = stores.batches.get("ann", "b1")
    assert batch is not None
    batch, redone = add(batch, redone, made)
    settled = change_item(redone, status=ItemStatus.SUCCEEDED, settled_at=later(5))
    batch, after = stores.batches.commit(batch, settled)
    assert after is not None
    assert [i.key for i in stores.library.images_of("ann", 7, 50)] == [other.key]
    stores.batches.commit(*choose(batch, after, 1))
    assert item.image is not None
    listed = [*stores.library.images_of("ann", 7, 50)]
    assert [i.key for i in listed] == [item.image.key]
    assert listed == [*stores.library.images_in("ann", "b1", first=0, last=8, limit=9)]


def test_a_library_is_its_owners_alone(stores: Stores) -> None:
    stores.settle(0)
    stores.library.open("ann", a_folder())
    assert list(stores.library.images_of("bob", 7, 50)) == []
    assert list(stores.library.images_in("bob", "b1", first=0, last=8, limit=9)) == []
    assert stores.library.get_images("bob", [("b1", 0)]) == {}
    assert stores.library.folder("bob", "b1") is None
    assert list(stores.library.folders_of("bob", 7, limit=9).items) == []


# --- folders --------------------------------------------------------------------------------------


def test_a_batchs_folders_are_read_as_they_were_opened(stores: Stores) -> None:
    folder = a_folder("b1", 7, 8)
    stores.library.open("ann", folder)
    stores.library.open("ann", folder)
    assert stores.library.folder("ann", "b1") == folder
    assert stores.library.folder("ann", "b2") is None
    [own] = stores.library.folders_of("ann", 8, limit=10).items
    assert own == replace(folder, variants=folder.variants[1:])


def test_a_hundred_variants_have_a_folder_each(stores: Stores) -> None:
    folder = a_folder("b1", *range(1, 101))
    stores.library.open("ann", folder)
    assert stores.library.folder("ann", "b1") == folder
    assert all(len(stores.library.folders_of("ann", v, limit=2).items) == 1 for v in (1, 50, 100))


def test_a_variants_folders_come_newest_first_in_pages(stores: Stores) -> None:
    for number in range(5):
        stores.library.open("ann", a_folder(f"b{number}", at=later(number)))
    pages: list[Sequence[str]] = []
    cursor: str | None = None
    while not pages or cursor:
        page = stores.library.folders_of("ann", 7, limit=2, cursor=cursor)
        pages.append([folder.batch_id for folder in page.items])
        cursor = page.cursor
    assert pages == [["b4", "b3"], ["b2", "b1"], ["b0"]]


def test_folders_and_images_of_a_variant_do_not_mix(stores: Stores) -> None:
    stores.library.open("ann", a_folder())
    stores.settle(0)
    assert stores.of(7) == [("b1", 0)]
    assert len(stores.library.folders_of("ann", 7, limit=10).items) == 1


def test_a_cursor_that_is_not_ours_is_refused(stores: Stores) -> None:
    with pytest.raises(InvalidRequestError, match="Invalid cursor"):
        stores.library.folders_of("ann", 7, limit=1, cursor="nonsense")


# --- what DynamoDB is asked -----------------------------------------------------------------------


@pytest.fixture
def queries(dynamodb: Any) -> list[str]:
    """The operations the table is asked for."""
    asked: list[str] = []
    dynamodb.meta.events.register(
        "before-call.dynamodb", lambda model, **_: asked.append(model.name)
    )
    return asked


@pytest.mark.slow
def test_a_variants_newest_images_are_one_query(dynamodb: Any, queries: list[str]) -> None:
    library = DynamoDBLibraryStore(dynamodb, TABLE, sleep=no_sleep)
    stores = Stores(DynamoDBBatchStore(dynamodb, TABLE, sleep=no_sleep), library)
    for index in range(4):
        stores.settle(index)
    for limit in (2, 4, 50):
        queries.clear()
        library.images_of("ann", 7, limit)
        assert queries == ["Query"]


def test_the_library_has_no_time_to_live(dynamodb: Any) -> None:
    library = DynamoDBLibraryStore(dynamodb, TABLE, sleep=no_sleep)
    Stores(DynamoDBBatchStore(dynamodb, TABLE, sleep=no_sleep), library).settle(0)
    library.open("ann", a_folder())
    records = dynamodb.scan(TableName=TABLE)["Items"]
    kept = [r for r in records if r["pk"]["S"].startswith(("LIBRARY#", "FOLDER#"))]
    assert len(kept) == 4
    assert not [record for record in kept if "ttl" in record]


def test_a_removed_image_is_in_neither_folder(stores: Stores) -> None:
    stores.settle(0)
    stores.settle(1)
    stores.library.remove_image("bob", "b1", 0)
    for _ in range(2):
        stores.library.remove_image("ann", "b1", 0)
    assert (stores.of(7), stores.inside()) == ([("b1", 1)], [1])
