"""How batches take turns: how much of a round's dispatch list is in the queue at once.

`Batch.released` counts the entries of the list that were put into the queue. Each settled item
makes room, and what it released is kept with it (`Item.releases`), so that a message that comes
again can repeat exactly that.
"""

from dataclasses import replace

from imagebatch.domain.batch import RUNNING, SETTLED, Batch, Item


def share(workers: int, running: int) -> int:
    """A batch's messages in the queue: twice as many as workers, shared by the running batches.

    So the queue is never empty while there is work, and who comes new waits for few messages
    however many rows the others have.
    """
    return max(1, -(-2 * workers // max(1, running)))


def first_share(workers: int, running: int) -> int:
    """A batch begins with a row for every worker, so that a small one is done in one go."""
    return max(workers, share(workers, running))


def opened(batch: Batch, messages: int) -> Batch:
    """Releases the first entries of a round that runs."""
    if batch.status not in RUNNING or batch.released:
        return batch
    return replace(batch, released=min(batch.round_total, messages))


def release(batch: Batch, item: Item, messages: int) -> tuple[Batch, Item]:
    """Fills the batch's share of the queue again after `item` has settled."""
    if batch.status not in RUNNING or item.status not in SETTLED:
        return batch, item
    settled = batch.round_total - batch.counts.open
    upto = max(batch.released, min(batch.round_total, settled + messages))
    positions = tuple(range(batch.released, upto))
    return replace(batch, released=upto), replace(item, releases=positions)
