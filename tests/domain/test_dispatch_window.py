import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebatch.domain.batch import Batch
from imagebatch.domain.counts import Counts
from imagebatch.domain.dispatch_window import admit_next, enqueue_initial_window
from imagebatch.domain.statuses import BatchStatus, ItemStatus
from testing.records import a_batch, an_item, change_batch

WORKERS = 3
SETTLED = an_item(status=ItemStatus.SUCCEEDED)


def a_round(rows: int, settled: int = 0, processing: int = 0, enqueued: int = 0) -> Batch:
    pending = rows - settled - processing
    counts = Counts(pending=pending, processing=processing, succeeded=settled)
    return a_batch(round_total=rows, enqueued_count=enqueued, counts=counts)


def test_round_opens_with_one_entry_per_worker_once() -> None:
    batch = a_round(10)
    assert enqueue_initial_window(batch, 3).state.enqueued_count == 3
    assert enqueue_initial_window(enqueue_initial_window(batch, 3), 9).state.enqueued_count == 3
    assert enqueue_initial_window(batch, 60).state.enqueued_count == 10
    cancelled = change_batch(batch, status=BatchStatus.CANCELLING)
    assert enqueue_initial_window(cancelled, 3) == cancelled


@pytest.mark.parametrize(
    ("settled", "processing", "enqueued", "positions"),
    [
        (1, 2, 3, (3,)),
        (1, 0, 3, (3,)),
        (3, 0, 3, (3, 4, 5)),
        (4, 2, 7, ()),
        (4, 3, 7, (7,)),
        (16, 1, 18, (18,)),
        (18, 1, 20, ()),
        (20, 0, 20, ()),
    ],
)
def test_a_settled_item_makes_room(
    settled: int, processing: int, enqueued: int, positions: tuple[int, ...]
) -> None:
    batch = a_round(20, settled, processing, enqueued)
    after, item = admit_next(batch, SETTLED, WORKERS)
    assert item.state.enqueued_positions == positions
    assert after.state.enqueued_count == enqueued + len(positions)


def test_running_item_and_ended_batch_admit_nothing() -> None:
    batch = a_round(20, enqueued=3)
    assert admit_next(batch, an_item(), WORKERS) == (batch, an_item())
    ending = change_batch(batch, status=BatchStatus.CANCELLING)
    assert admit_next(ending, SETTLED, WORKERS) == (ending, SETTLED)


@pytest.mark.slow
@given(dead=st.lists(st.booleans(), min_size=60, max_size=60), rows=st.integers(1, 60))
def test_every_entry_is_admitted_once_while_one_waits(dead: list[bool], rows: int) -> None:
    """`dead`: those that are worked on while the others settle, by nobody."""
    batch = enqueue_initial_window(a_round(rows), WORKERS)
    seen = list(range(batch.state.enqueued_count))
    settled = processing = 0
    while settled + processing < rows:
        assert batch.state.enqueued_count > settled + processing
        if dead[settled + processing]:
            processing += 1
            if batch.state.enqueued_count > settled + processing:
                continue
            processing -= 1
        settled += 1
        now = a_round(rows, settled, processing, batch.state.enqueued_count)
        batch, item = admit_next(now, SETTLED, WORKERS)
        seen += item.state.enqueued_positions
    assert seen == list(range(rows))
