"""Fair scheduling between batches: how much of a round's dispatch list is in the queue at once.

A batch has a message for every worker, waiting or worked on: it keeps all of them busy when it is
alone, and who comes new waits for few messages however many rows the others have. While the workers
have other batches to work on, a message for half of them is enough.

`Batch.enqueued_count` counts the entries of the list that were put into the queue. What a settled
item enqueued is kept with it (`Item.enqueued_positions`), so that a redelivered message can repeat
exactly that.
"""

from dataclasses import replace

from imagebatch.domain.batch import Batch
from imagebatch.domain.item import Item
from imagebatch.domain.statuses import RUNNING, SETTLED


def enqueue_initial_window(batch: Batch, workers: int) -> Batch:
    """Admit the first entries of a running round."""
    if batch.status not in RUNNING or batch.enqueued_count:
        return batch
    return replace(batch, enqueued_count=min(batch.round_total, workers))


def admit_next(batch: Batch, item: Item, share: int) -> tuple[Batch, Item]:
    """Admit the next entries after `item` has settled, up to `share` messages waiting or in flight.

    At least one message waits, because in-flight messages may have lost their worker.
    """
    if batch.status not in RUNNING or item.status not in SETTLED:
        return batch, item
    settled = batch.round_total - batch.counts.unsettled
    begun = settled + batch.counts.processing
    wanted = min(batch.round_total, max(settled + share, begun + 1))
    upto = max(batch.enqueued_count, wanted)
    positions = tuple(range(batch.enqueued_count, upto))
    return replace(batch, enqueued_count=upto), replace(item, enqueued_positions=positions)
