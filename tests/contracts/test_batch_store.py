from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from imagebatch.adapters.dynamodb import DynamoDBBatchStore
from imagebatch.api.errors import status_of
from imagebatch.domain.batch import Batch
from imagebatch.domain.counts import Counts
from imagebatch.domain.errors import ConflictError, Failure, FailureCode, InvalidRequestError
from imagebatch.domain.item import Item
from imagebatch.domain.item_state import Lease
from imagebatch.domain.round_state import Archive, ItemError
from imagebatch.domain.rounds import give_up, publish, retry
from imagebatch.domain.statuses import BatchStatus, ItemStatus, Kind
from imagebatch.ports.records import BatchStore, ItemChange
from testing.aws import TABLE, no_sleep
from testing.awsfaults import one_at_a_time
from testing.fakes import InMemoryBatchStore
from testing.fakes.system import START
from testing.records import a_batch, change_batch, change_item, some_items

LATER = START + timedelta(minutes=5)
OWNERS = ["ann", "auth0|123", "a#b", "a%23b", "Zoë Ünal", "=a", "x" * 900]


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest) -> BatchStore:
    if request.param == "memory":
        return InMemoryBatchStore()
    client = request.getfixturevalue("dynamodb")
    one_at_a_time(client)
    return DynamoDBBatchStore(client, TABLE, sleep=no_sleep)


@pytest.fixture
def batch(store: BatchStore) -> Batch:
    """One with three items, as the dispatcher leaves it."""
    store.create(a_batch())
    store.add_items("ann", "b1", some_items(3))
    return stored(store)


def stored(store: BatchStore, batch_id: str = "b1", owner: str = "ann") -> Batch:
    found = store.get(owner, batch_id)
    assert found is not None
    return found


def item_of(store: BatchStore, index: int) -> Item:
    found = store.get_item("ann", "b1", index)
    assert found is not None
    return found


@pytest.mark.parametrize("owner", OWNERS)
def test_a_batchs_owner_is_found_by_its_id(store: BatchStore, owner: str) -> None:
    store.create(a_batch(owner=owner))
    assert (store.owner_of("b1"), store.owner_of("b2")) == (owner, None)


# --- batches --------------------------------------------------------------------------------------


def test_a_batch_is_read_as_it_was_stored(store: BatchStore) -> None:
    batch = a_batch(
        name="Spring hub",
        max_cost=Decimal("2.50"),
        metadata={"season": "spring", "ü": "ß"},
        options={"quality": "hd", "ratio": 1.5, "count": 1, "nothing": None, "deep": {"a": [1]}},
    )
    store.create(batch)
    assert stored(store) == batch


def test_stored_batch_is_independent_of_the_callers_object(store: BatchStore) -> None:
    metadata = {"season": "spring"}
    store.create(a_batch(metadata=metadata))
    metadata["season"] = "autumn"
    assert stored(store).metadata == {"season": "spring"}


def test_an_unknown_batch_is_none(store: BatchStore) -> None:
    assert store.get("ann", "nobody's") is None
    assert store.get("ann", "") is None
    assert store.get("ann", "x" * 5000) is None
    assert store.get_item("ann", "nobody's", 0) is None
    assert list(store.items("ann", "nobody's")) == []
    assert list(store.changes("ann", "nobody's", 0, 10)) == []


def test_an_id_that_is_taken_is_not_taken_again(store: BatchStore, batch: Batch) -> None:
    with pytest.raises(ConflictError):
        store.create(a_batch(name="another"))
    assert stored(store) == batch


@pytest.mark.parametrize("owner", OWNERS)
def test_an_owner_reads_only_what_is_theirs(store: BatchStore, owner: str) -> None:
    for each in OWNERS:
        store.create(a_batch(owner=each, name=each))
    assert stored(store, owner=owner).name == owner
    assert [b.name for b in store.list_batches(owner, limit=10).items] == [owner]
    assert list(store.unfinished(owner)) == [(owner, "b1")]


def test_keys_of_owner_and_id_are_unambiguous(store: BatchStore) -> None:
    store.create(a_batch(owner="a", id="b#c"))
    assert store.get("a#b", "c") is None
    assert stored(store, "b#c", "a").owner == "a"


# --- items ----------------------------------------------------------------------------------------


def test_items_are_read_in_order_and_in_parts(store: BatchStore, batch: Batch) -> None:
    assert list(store.items("ann", "b1")) == some_items(3)
    assert [i.index for i in store.items("ann", "b1", start=1)] == [1, 2]
    assert [i.index for i in store.items("ann", "b1", limit=2)] == [0, 1]
    assert [i.index for i in store.items("ann", "b1", start=2, limit=5)] == [2]
    assert list(store.items("ann", "b1", limit=0)) == []
    assert list(store.items("ann", "b1", start=2_000_000)) == []


@pytest.mark.slow
def test_more_items_than_one_write_takes_are_all_stored(store: BatchStore) -> None:
    store.create(a_batch(size=230))
    store.add_items("ann", "b1", some_items(230))
    assert [i.index for i in store.items("ann", "b1")] == list(range(230))


def test_an_item_that_is_there_is_left_alone(store: BatchStore, batch: Batch) -> None:
    claimed = change_item(item_of(store, 1), status=ItemStatus.PROCESSING)
    taken = store.save_item("ann", "b1", claimed)
    store.add_items("ann", "b1", some_items(5))
    assert item_of(store, 1) == taken
    assert [i.index for i in store.items("ann", "b1")] == [0, 1, 2, 3, 4]
    store.add_items("ann", "b1", some_items(5))
    assert item_of(store, 1) == taken


def test_items_of_a_missing_batch_are_not_stored(store: BatchStore) -> None:
    with pytest.raises(ConflictError):
        store.add_items("ann", "gone", some_items(1))
    with pytest.raises(ConflictError):
        store.put_round("ann", "gone", 1, [0])
    assert store.get_item("ann", "gone", 0) is None


def test_an_item_written_alone_counts_its_versions(store: BatchStore, batch: Batch) -> None:
    lease = Lease("t1", LATER)
    leased = change_item(item_of(store, 0), lease=lease, round_attempts=1)
    first = store.save_item("ann", "b1", leased)
    assert first.version == 1
    assert item_of(store, 0) == first
    second = store.save_item("ann", "b1", change_item(first, lease=None))
    assert item_of(store, 0) == second == change_item(first, lease=None, version=2)
    assert stored(store) == batch


def test_concurrently_changed_item_is_not_overwritten(store: BatchStore, batch: Batch) -> None:
    read = item_of(store, 0)
    kept = store.save_item("ann", "b1", change_item(read, round_attempts=1))
    with pytest.raises(ConflictError):
        store.save_item("ann", "b1", change_item(read, round_attempts=2))
    assert item_of(store, 0) == kept


# --- changes --------------------------------------------------------------------------------------


def test_a_commit_is_the_next_numbered_change(store: BatchStore, batch: Batch) -> None:
    counts = Counts(pending=2, processing=1)
    claimed = change_batch(batch, counts=counts, status=BatchStatus.PROCESSING, updated_at=LATER)
    item = change_item(item_of(store, 0), status=ItemStatus.PROCESSING)
    after, written = store.commit(claimed, item)
    assert (after, written) == (replace(claimed, version=1), replace(item, version=1))
    assert stored(store) == after
    assert item_of(store, 0) == written
    [change] = store.changes("ann", "b1", 0, 10)
    assert (change.seq, change.at, change.status) == (1, LATER, BatchStatus.PROCESSING)
    assert written is not None
    assert (change.counts, change.item) == (counts, ItemChange.of(written))


def test_a_commit_of_the_batch_alone_names_no_item(store: BatchStore, batch: Batch) -> None:
    after, written = store.commit(batch)
    assert written is None
    assert [c.item for c in store.changes("ann", "b1", 0, 10)] == [None]
    assert after.version == 1


def test_of_two_commits_from_the_same_state_one_wins(store: BatchStore, batch: Batch) -> None:
    item = item_of(store, 0)
    won, _ = store.commit(change_batch(batch, enqueued_count=1), item)
    with pytest.raises(ConflictError):
        store.commit(change_batch(batch, enqueued_count=2), item)
    assert stored(store) == won
    assert len(store.changes("ann", "b1", 0, 10)) == 1


def test_what_was_submitted_is_written_by_the_batch_alone(store: BatchStore, batch: Batch) -> None:
    """So that a claim or a settle writes little, however much a client has submitted."""
    renamed, _ = store.commit(replace(batch, name="renamed"))
    assert (stored(store), renamed.spec_version) == (renamed, 1)
    settled, _ = store.commit(renamed, item_of(store, 0))
    assert stored(store) == settled
    assert settled.spec_version == 1


def test_what_was_submitted_is_written_only_when_it_changed(
    store: BatchStore, batch: Batch
) -> None:
    enqueued, _ = store.commit(change_batch(batch, enqueued_count=1), before=batch)
    assert (stored(store), enqueued.spec_version) == (enqueued, batch.spec_version)
    renamed, _ = store.commit(replace(enqueued, name="renamed"), before=enqueued)
    assert (stored(store), renamed.spec_version) == (renamed, batch.spec_version + 1)


def test_errors_are_written_whenever_they_changed(store: BatchStore, batch: Batch) -> None:
    error = ItemError(
        0, 2, "row-0002", Failure(FailureCode.PROVIDER_TIMEOUT, "too slow"), rejected=False
    )
    failed, _ = store.commit(replace(batch, errors=(error,)), item_of(store, 0), before=batch)
    assert stored(store).errors == (error,)
    enqueued, _ = store.commit(change_batch(failed, enqueued_count=1), before=failed)
    assert stored(store) == enqueued
    cleared, _ = store.commit(replace(enqueued, errors=()), before=enqueued)
    assert stored(store) == cleared


def test_two_equal_commits_from_one_state_conflict(store: BatchStore, batch: Batch) -> None:
    store.commit(batch)
    with pytest.raises(ConflictError):
        store.commit(batch)


def test_a_commit_over_a_stale_item_writes_nothing(store: BatchStore, batch: Batch) -> None:
    stale = item_of(store, 0)
    kept = store.save_item("ann", "b1", stale)
    with pytest.raises(ConflictError):
        store.commit(change_batch(batch, enqueued_count=1), stale)
    assert stored(store) == batch
    assert item_of(store, 0) == kept
    assert list(store.changes("ann", "b1", 0, 10)) == []


def test_a_batch_that_was_never_created_cannot_be_committed(store: BatchStore) -> None:
    with pytest.raises(ConflictError):
        store.commit(a_batch())
    assert store.get("ann", "b1") is None


def test_changes_are_read_from_where_a_reader_stopped(store: BatchStore, batch: Batch) -> None:
    for _ in range(5):
        batch, _ = store.commit(batch)

    def seqs(after: int, limit: int) -> Sequence[int]:
        return [change.seq for change in store.changes("ann", "b1", after, limit)]

    assert seqs(0, 10) == [1, 2, 3, 4, 5]
    assert seqs(-7, 10) == [1, 2, 3, 4, 5]
    assert seqs(2, 2) == [3, 4]
    assert seqs(5, 10) == []
    assert seqs(10**15, 10) == []


@pytest.mark.slow
def test_twenty_writers_number_their_changes_without_a_gap(store: BatchStore) -> None:
    store.create(a_batch(size=20))
    store.add_items("ann", "b1", some_items(20))

    def settle(index: int) -> int:
        lost = 0
        while True:
            batch, item = stored(store), item_of(store, index)
            counts = batch.counts.transfer(ItemStatus.PENDING, ItemStatus.PROCESSING)
            try:
                claimed = change_item(item, status=ItemStatus.PROCESSING)
                store.commit(change_batch(batch, counts=counts), claimed)
            except ConflictError:
                lost += 1
            else:
                return lost

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(settle, range(20)))
    changes = store.changes("ann", "b1", 0, 100)
    assert [c.seq for c in changes] == list(range(1, 21))
    assert sorted(c.item.index for c in changes if c.item) == list(range(20))
    assert [c.counts.processing for c in changes] == list(range(1, 21))
    assert stored(store).counts == Counts(processing=20)
    assert all(i.version == 1 for i in store.items("ann", "b1"))


def test_a_batch_and_an_item_are_found_together(store: BatchStore, batch: Batch) -> None:
    claimed, first = store.commit(batch, item_of(store, 0))
    assert store.find("ann", "b1", 0) == (claimed, first)
    assert store.find("ann", "b1", 2) == (claimed, item_of(store, 2))
    for missing in (("ann", "b1", 3), ("ann", "b2", 0), ("bob", "b1", 0)):
        assert store.find(*missing) is None


# --- rounds ---------------------------------------------------------------------------------------


def test_a_rounds_list_is_read_whole_and_by_position(store: BatchStore, batch: Batch) -> None:
    assert store.round_list("ann", "b1", 1) is None
    assert store.round_entry("ann", "b1", 1, 0) is None
    entries = list(range(0, 2400, 2))
    store.put_round("ann", "b1", 1, entries)
    assert store.round_list("ann", "b1", 1) == entries
    for position in (0, 499, 500, 1199):
        assert store.round_entry("ann", "b1", 1, position) == 2 * position
    assert store.round_entry("ann", "b1", 1, 1200) is None
    assert store.round_entry("ann", "b1", 1, -1) is None
    assert store.round_list("ann", "b1", 2) is None


def test_a_round_may_have_nothing_to_run(store: BatchStore, batch: Batch) -> None:
    store.put_round("ann", "b1", 1, [])
    assert store.round_list("ann", "b1", 1) == []
    assert store.round_entry("ann", "b1", 1, 0) is None


def test_complete_dispatch_list_is_not_replaced(store: BatchStore, batch: Batch) -> None:
    store.put_round("ann", "b1", 1, [0, 1, 2])
    store.put_round("ann", "b1", 1, [2])
    assert store.round_list("ann", "b1", 1) == [0, 1, 2]
    store.put_round("ann", "b1", 2, [1])
    assert store.round_list("ann", "b1", 2) == [1]


# --- lists ----------------------------------------------------------------------------------------


def make_many(store: BatchStore, count: int, owner: str = "ann") -> list[str]:
    """Newest first."""
    for n in range(count):
        kind = Kind.PROMPTS if n % 3 == 0 else Kind.CARS
        at = START + timedelta(milliseconds=n)
        store.create(a_batch(f"{owner}-{n:02d}", owner, created_at=at, kind=kind, name=str(n)))
    return [f"{owner}-{n:02d}" for n in reversed(range(count))]


def test_batches_are_listed_newest_first_in_pages(store: BatchStore) -> None:
    wanted, listed, cursor = make_many(store, 7), [], None
    make_many(store, 2, "bob")
    for size in (3, 3, 1):
        page = store.list_batches("ann", limit=3, cursor=cursor)
        assert len(page.items) == size
        listed += [b.id for b in page.items]
        cursor = page.cursor
    assert cursor is None
    assert listed == wanted


def test_last_page_has_no_cursor(store: BatchStore) -> None:
    make_many(store, 3)
    assert store.list_batches("ann", limit=3).cursor is None
    assert store.list_batches("nobody", limit=3).items == []


def test_a_list_shows_each_batch_as_it_is_now(store: BatchStore, batch: Batch) -> None:
    after, _ = store.commit(replace(batch, name="renamed"))
    assert list(store.list_batches("ann", limit=1).items) == [after]


def test_a_filtered_page_is_full_while_there_are_more(store: BatchStore) -> None:
    make_many(store, 10)

    def even(batch: Batch) -> bool:
        return int(batch.name) % 2 == 0

    first = store.list_batches("ann", limit=2, kind=Kind.PROMPTS, keep=even)
    assert [b.name for b in first.items] == ["6", "0"]
    assert first.cursor is None
    page = store.list_batches("ann", limit=2, keep=even)
    assert [b.name for b in page.items] == ["8", "6"]
    page = store.list_batches("ann", limit=2, keep=even, cursor=page.cursor)
    assert [b.name for b in page.items] == ["4", "2"]


def test_batches_created_while_paging_do_not_shift_the_pages(store: BatchStore) -> None:
    wanted = make_many(store, 4)
    page = store.list_batches("ann", limit=2)
    store.create(a_batch("newer", created_at=LATER))
    rest = store.list_batches("ann", limit=5, cursor=page.cursor)
    assert [b.id for b in (*page.items, *rest.items)] == wanted


@pytest.mark.parametrize("cursor", ["x", "!!", "AAAA", "ü", "a" * 5000, "%00", "YWJj="])
def test_a_cursor_that_is_not_ours_is_refused(store: BatchStore, cursor: str) -> None:
    make_many(store, 3)
    with pytest.raises(InvalidRequestError) as refused:
        store.list_batches("ann", limit=1, cursor=cursor)
    assert (refused.value.kind, status_of(refused.value)) == ("invalid-cursor", 400)


def test_a_cursor_is_its_owners_alone(store: BatchStore) -> None:
    make_many(store, 3)
    make_many(store, 3, "bob")
    cursor = store.list_batches("bob", limit=1).cursor
    assert cursor is not None
    with pytest.raises(InvalidRequestError):
        store.list_batches("ann", limit=1, cursor=cursor)


# --- the unfinished -------------------------------------------------------------------------------


@pytest.mark.parametrize("knows_before", [True, False])
def test_retried_batch_is_unfinished_again(store: BatchStore, *, knows_before: bool) -> None:
    store.create(a_batch(size=1))
    store.create(a_batch("b2", "bob"))

    def step(batch: Batch) -> Batch:
        before = stored(store) if knows_before else None
        after, _ = store.commit(batch, before=before)
        mine = [("ann", "b1")] if not after.finished else []
        assert list(store.unfinished("ann")) == mine
        assert set(store.unfinished()) == {*mine, ("bob", "b2")}
        return after

    batch = step(change_batch(stored(store), status=BatchStatus.PROCESSING, round_started_at=START))
    batch = step(change_batch(batch, counts=Counts(failed=1), last_dispatched_round=1))
    batch = step(change_batch(batch, status=BatchStatus.ARCHIVING, archiving_at=START))
    batch = step(publish(batch, Archive("k", 1, 1), LATER, timedelta(hours=6)))
    batch = step(retry(batch, LATER))
    batch = step(change_batch(batch, counts=Counts(processing=1), round_started_at=LATER))
    batch = step(change_batch(batch, counts=Counts(succeeded=1), status=BatchStatus.ARCHIVING))
    batch = step(give_up(batch, LATER))
    batch = step(retry(batch, LATER))
    batch = step(publish(batch, Archive("k", 1, 1), LATER, timedelta(hours=6)))
    step(change_batch(batch, archive=None))


def test_unfinished_batches_are_kept_apart_by_owner(store: BatchStore) -> None:
    owners = {"an", "ann", "ann#x", "ann~", "~ann", "", " ", "é"}
    for owner in owners:
        store.create(a_batch(owner=owner))
    assert list(store.unfinished("ann")) == [("ann", "b1")]
    assert list(store.unfinished("~ann")) == [("~ann", "b1")]
    assert {owner for owner, _ in store.unfinished()} == owners


# --- names ----------------------------------------------------------------------------------------


def test_outbox_name_belongs_to_the_first_batch(store: BatchStore) -> None:
    until = START + timedelta(days=7)
    assert store.reserve_outbox_name("outbox/Frühling 1", "b1", until)
    assert store.reserve_outbox_name("outbox/Frühling 1", "b1", until)
    assert not store.reserve_outbox_name("outbox/Frühling 1", "b2", until)
    assert store.reserve_outbox_name("outbox/Frühling 2", "b2", until)
