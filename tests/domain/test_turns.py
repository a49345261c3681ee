from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebatch.domain import turns
from imagebatch.domain.batch import BatchStatus, Counts, ItemStatus
from tests.support.records import a_batch, an_item

WORKERS = 3
SETTLED = replace(an_item(), status=ItemStatus.SUCCEEDED)


@pytest.mark.parametrize(
    ("running", "share", "first"),
    [(0, 3, 6), (1, 3, 6), (2, 2, 3), (3, 1, 3), (4, 1, 3), (9, 1, 3)],
)
def test_running_batches_share_as_many_waiting_messages_as_there_are_workers(
    running: int, share: int, first: int
) -> None:
    assert turns.share(WORKERS, running) == share
    assert turns.first_share(WORKERS, running) == first


@given(running=st.integers(1, 100), workers=st.integers(1, 500))
def test_the_queue_holds_work_for_every_worker(running: int, workers: int) -> None:
    assert running * turns.share(workers, running) >= workers
    assert turns.share(workers, running) >= 1


def test_a_round_opens_with_its_first_entries_and_only_once() -> None:
    batch = a_batch(size=10, round_total=10)
    assert turns.opened(batch, 6).released == 6
    assert turns.opened(turns.opened(batch, 6), 9).released == 6
    assert turns.opened(batch, 60).released == 10
    cancelled = replace(batch, status=BatchStatus.CANCELLING)
    assert turns.opened(cancelled, 6) == cancelled


@pytest.mark.parametrize(
    ("settled", "processing", "released", "messages", "positions"),
    [
        (1, 2, 6, 3, ()),
        (2, 2, 6, 3, (6,)),
        (2, 2, 6, 1, ()),
        (4, 2, 6, 1, (6,)),
        (1, 0, 3, 1, (3,)),
        (2, 0, 4, 1, (4,)),
        (3, 0, 3, 1, (3, 4, 5)),
        (4, 2, 6, 3, (6, 7, 8)),
        (1, 5, 6, 1, (6,)),
        (16, 1, 18, 3, (18, 19)),
        (20, 0, 20, 3, ()),
    ],
)
def test_a_settled_item_fills_its_batchs_share_again(
    settled: int, processing: int, released: int, messages: int, positions: tuple[int, ...]
) -> None:
    counts = Counts(pending=20 - settled - processing, processing=processing, succeeded=settled)
    batch = a_batch(round_total=20, released=released, counts=counts)
    after, item = turns.release(batch, SETTLED, messages, WORKERS)
    assert item.releases == positions
    assert after.released == released + len(positions)


def test_an_item_that_goes_on_and_a_batch_that_ends_release_nothing() -> None:
    batch = a_batch(size=20, round_total=20, released=6)
    assert turns.release(batch, an_item(), 6, WORKERS) == (batch, an_item())
    ending = replace(batch, status=BatchStatus.CANCELLING)
    assert turns.release(ending, SETTLED, 6, WORKERS) == (ending, SETTLED)


@given(shares=st.lists(st.integers(1, 6), min_size=50, max_size=50), rows=st.integers(1, 50))
def test_every_entry_is_released_once_and_there_is_always_one_to_work_on(
    shares: list[int], rows: int
) -> None:
    counts = Counts(pending=rows)
    batch = turns.opened(a_batch(round_total=rows, counts=counts), 3)
    seen = list(range(batch.released))
    for settled in range(1, rows + 1):
        assert batch.released >= settled
        counts = Counts(pending=rows - settled, succeeded=settled)
        batch, item = turns.release(
            replace(batch, counts=counts), SETTLED, shares[settled - 1], WORKERS
        )
        seen += item.releases
    assert seen == list(range(rows))


def test_workers_that_end_together_all_find_the_next_of_a_batch() -> None:
    """With the least share, as if many others ran that have nothing to do."""
    batch = turns.opened(a_batch(round_total=30, counts=Counts(pending=30)), WORKERS)
    for settled in range(1, 28):
        worked_on = WORKERS - (settled - 1) % WORKERS - 1
        counts = Counts(pending=30 - settled - worked_on, processing=worked_on, succeeded=settled)
        batch, _ = turns.release(replace(batch, counts=counts), SETTLED, 1, WORKERS)
        assert batch.released - settled >= WORKERS
