"""How batches take turns: how much of a round's dispatch list is in the queue at once.

`Batch.released` counts the entries of the list that were put into the queue. Each settled item
makes room, and what it released is kept with it (`Item.releases`), so that a message that comes
again can repeat exactly that.
"""

from dataclasses import replace

from imagebatch.domain.batch import RUNNING, SETTLED, Batch, Item


def share(workers: int, running: int) -> int:
    """How many messages of a batch wait in the queue, besides those that are worked on.

    As many as there are workers, shared by the running batches: there is always one to take, and
    who comes new waits for few however many rows the others have.
    """
    return max(1, -(-workers // max(1, running)))


def first_share(workers: int, running: int) -> int:
    """A batch begins with a row for every worker, so that a small one is done in one go."""
    return workers if running > 1 else 2 * workers


def opened(batch: Batch, messages: int) -> Batch:
    """Releases the first entries of a round that runs."""
    if batch.status not in RUNNING or batch.released:
        return batch
    return replace(batch, released=min(batch.round_total, messages))


def release(batch: Batch, item: Item, messages: int, workers: int) -> tuple[Batch, Item]:
    """Fills the batch's share of the queue again after `item` has settled.

    Every worker could always be working on this batch: nobody knows whether the other running
    batches have anything to do now.
    """
    if batch.status not in RUNNING or item.status not in SETTLED:
        return batch, item
    begun = batch.round_total - batch.counts.pending
    settled = batch.round_total - batch.counts.open
    wanted = max(begun + messages, settled + workers)
    upto = max(batch.released, min(batch.round_total, wanted))
    positions = tuple(range(batch.released, upto))
    return replace(batch, released=upto), replace(item, releases=positions)
