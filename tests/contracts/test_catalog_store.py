from collections.abc import Iterator

import pytest

from imagebatch.adapters.dynamodb.catalog import DynamoDBCatalogStore
from imagebatch.domain.errors import ConflictError, InvalidRequestError
from imagebatch.intake.catalog import Variant
from imagebatch.ports.catalog import CatalogStore
from testing.aws import TABLE, no_sleep
from testing.awsfaults import cancel_transaction
from testing.fakes import InMemoryCatalogStore
from testing.variants import a_variant


@pytest.fixture(params=["memory", "dynamodb"])
def catalog(request: pytest.FixtureRequest) -> CatalogStore:
    if request.param == "memory":
        return InMemoryCatalogStore()
    client = request.getfixturevalue("dynamodb")
    return DynamoDBCatalogStore(client, TABLE, sleep=no_sleep)


def listed(catalog: CatalogStore, limit: int = 100, owner: str = "ann") -> Iterator[list[Variant]]:
    """The pages of the whole list."""
    cursor: str | None = None
    while True:
        page = catalog.list_variants(owner, limit=limit, cursor=cursor)
        yield list(page.items)
        cursor = page.cursor
        if cursor is None:
            return


def test_variants_are_found_by_their_ids(catalog: CatalogStore) -> None:
    blue = a_variant(2**53 - 1, title="Größe M 🪑", image_url=None)
    assert catalog.upsert("ann", [a_variant(1), blue]) == 2
    assert catalog.get_many("ann", [1, 2, 2**53 - 1, 1]) == {1: a_variant(1), blue.id: blue}


def test_import_counts_new_variants_and_replaces_others(catalog: CatalogStore) -> None:
    catalog.upsert("ann", [a_variant(1), a_variant(2)])
    changed = a_variant(2, title="Another", image_url=None)
    assert catalog.upsert("ann", [changed, a_variant(3)]) == 1
    assert catalog.get_many("ann", [2]) == {2: changed}
    assert [*listed(catalog)] == [[a_variant(1), changed, a_variant(3)]]


def test_a_deleted_variant_leaves_the_catalog(catalog: CatalogStore) -> None:
    catalog.upsert("ann", [a_variant(1), a_variant(2)])
    catalog.delete("bob", 1)
    for _ in range(2):
        catalog.delete("ann", 1)
    assert catalog.get_many("ann", [1, 2]) == {2: a_variant(2)}
    assert [*listed(catalog)] == [[a_variant(2)]]


def test_a_catalog_is_its_owners_alone(catalog: CatalogStore) -> None:
    catalog.upsert("ann", [a_variant(1)])
    assert catalog.get_many("bob", [1]) == {}
    assert [*listed(catalog, owner="bob")] == [[]]
    assert catalog.upsert("bob", [a_variant(1, title="His")]) == 1
    assert catalog.get_many("ann", [1]) == {1: a_variant(1)}


def test_list_is_ordered_by_product_and_variant(catalog: CatalogStore) -> None:
    places = [(2, 1), (11, 9), (2, 30), (1, 100), (2, 4)]
    catalog.upsert("ann", [a_variant(v, product_id=p) for p, v in places])
    [page] = listed(catalog)
    assert [(v.product_id, v.id) for v in page] == sorted(places)


def test_moved_variant_is_listed_once(catalog: CatalogStore) -> None:
    catalog.upsert("ann", [a_variant(1, product_id=10), a_variant(2, product_id=10)])
    assert catalog.upsert("ann", [a_variant(1, product_id=20)]) == 0
    assert [(v.product_id, v.id) for page in listed(catalog) for v in page] == [(10, 2), (20, 1)]


def test_pages_follow_each_other_without_a_gap(catalog: CatalogStore) -> None:
    catalog.upsert("ann", [a_variant(n) for n in range(1, 8)])
    pages = [[v.id for v in page] for page in listed(catalog, limit=3)]
    assert pages == [[1, 2, 3], [4, 5, 6], [7]]


def test_page_is_full_despite_skipped_records(catalog: CatalogStore) -> None:
    catalog.upsert("ann", [a_variant(n) for n in range(1, 21)])
    page = catalog.list_variants("ann", limit=2, keep=lambda v: v.id % 7 == 0)
    assert ([v.id for v in page.items], page.cursor) == ([7, 14], None)
    page = catalog.list_variants("ann", limit=1, keep=lambda v: v.id % 7 == 0)
    assert page.cursor is not None


@pytest.mark.parametrize("cursor", ["nonsense", "bm9uc2Vuc2U", "ä"])
def test_a_cursor_that_is_not_ours_is_refused(catalog: CatalogStore, cursor: str) -> None:
    with pytest.raises(InvalidRequestError, match="Invalid cursor"):
        catalog.list_variants("ann", limit=1, cursor=cursor)


def test_another_owners_cursor_is_refused(catalog: CatalogStore) -> None:
    catalog.upsert("ann", [a_variant(1), a_variant(2)])
    catalog.upsert("bob", [a_variant(1), a_variant(2)])
    cursor = catalog.list_variants("ann", limit=1).cursor
    with pytest.raises(InvalidRequestError):
        catalog.list_variants("bob", limit=1, cursor=cursor)


@pytest.mark.slow
def test_variants_beyond_one_transaction_or_read_are_stored(
    catalog: CatalogStore,
) -> None:
    variants = [a_variant(n) for n in range(1, 121)]
    assert catalog.upsert("ann", variants) == 120
    assert len(catalog.get_many("ann", range(1, 121))) == 120
    assert catalog.upsert("ann", variants[:40]) == 0


def test_an_import_that_meets_another_one_reads_again(dynamodb: object) -> None:
    catalog = DynamoDBCatalogStore(dynamodb, TABLE, sleep=no_sleep)  # type: ignore[arg-type]
    catalog.upsert("ann", [a_variant(1, product_id=10)])
    met = cancel_transaction(dynamodb, "ConditionalCheckFailed", "None", "None")
    catalog.upsert("ann", [a_variant(1, product_id=20)])
    assert met.count == 1
    assert [(v.product_id, v.id) for page in listed(catalog) for v in page] == [(20, 1)]


def test_an_import_that_never_gets_through_says_so(dynamodb: object) -> None:
    catalog = DynamoDBCatalogStore(dynamodb, TABLE, sleep=no_sleep)  # type: ignore[arg-type]
    cancel_transaction(dynamodb, "ConditionalCheckFailed", "None", times=5)
    with pytest.raises(ConflictError):
        catalog.upsert("ann", [a_variant(1)])
