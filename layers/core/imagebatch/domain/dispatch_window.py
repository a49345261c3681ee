"""Fair scheduling between batches: how much of a round's dispatch list is queued at once.

A batch has one message per worker in the queue or in flight. A batch that runs alone keeps every
worker busy, and the first items of a new batch wait behind few messages, however many rows the
other batches have. While the workers are busy with other batches, half as many messages suffice.

`RoundState.enqueued_count` is the number of entries of the list that were put into the queue. The
entries that a settled item enqueued are stored with it (`ItemState.enqueued_positions`), so that a
redelivered message enqueues exactly the same ones.
"""

from imagebatch.domain.batch import Batch
from imagebatch.domain.item import Item
from imagebatch.domain.statuses import RUNNING, SETTLED
from imagebatch.structs import replace


def enqueue_initial_window(batch: Batch, workers: int) -> Batch:
    """Admit the first entries of a running round."""
    if batch.status not in RUNNING or batch.state.enqueued_count:
        return batch
    return _enqueue(batch, min(batch.state.round_total, workers))


def admit_next(batch: Batch, item: Item, window: int) -> tuple[Batch, Item]:
    """Admit the next entries after `item` has settled, up to `window` messages queued or in flight.

    At least one message waits, because in-flight messages may have lost their worker.
    """
    if batch.status not in RUNNING or item.status not in SETTLED:
        return batch, item
    settled = batch.state.round_total - batch.counts.unsettled
    begun = settled + batch.counts.processing
    wanted = min(batch.state.round_total, max(settled + window, begun + 1))
    upto = max(batch.state.enqueued_count, wanted)
    positions = tuple(range(batch.state.enqueued_count, upto))
    state = replace(item.state, enqueued_positions=positions)
    return _enqueue(batch, upto), replace(item, state=state)


def _enqueue(batch: Batch, count: int) -> Batch:
    return replace(batch, state=replace(batch.state, enqueued_count=count))
