"""The status of an item whose record may be older than its batch's."""

from imagebatch.domain.batch import Batch
from imagebatch.domain.item import Item, LastRedo
from imagebatch.domain.statuses import SETTLED, ItemStatus

REDO_CANCELLED = "The redo was cancelled"


def effective_item_status(batch: Batch, item: Item) -> ItemStatus:
    """Return the item's status, considering changes of the batch since its record was written.

    An item of the current round that has not been claimed is pending. After a cancel it has
    succeeded if it has an image from an earlier round; otherwise it is cancelled.
    """
    touched = item.round == batch.round and item.status in SETTLED
    if touched or item.rejected or item.status is ItemStatus.PROCESSING:
        return item.status
    if waits_in_round(batch, item) and batch.cancelling_at is None:
        return ItemStatus.PENDING
    if waits_in_round(batch, item) or _was_cancelled(batch, item):
        return ItemStatus.SUCCEEDED if item.image else ItemStatus.CANCELLED
    return item.status


def waits_in_round(batch: Batch, item: Item) -> bool:
    """Whether the item belongs to the current round and has not been claimed in it."""
    if item.round == batch.round or item.rejected:
        return False
    if batch.redo is not None:
        return batch.redo.includes(item.index)
    if item.status is ItemStatus.PENDING:
        return item.round + 1 == batch.round
    return item.status is ItemStatus.FAILED and not _was_cancelled(batch, item)


def last_redo_of(batch: Batch, item: Item) -> LastRedo | None:
    """How the item's last redo ended, if it gave no image; a cancel may not be in its record."""
    over = batch.round if batch.cancelling_at is None else batch.round + 1
    left = [r for r in batch.redos if item.round < r.round < over and r.includes(item.index)]
    if left and item.image is not None:
        return LastRedo(left[-1].round, REDO_CANCELLED)
    return item.last_redo


def _was_cancelled(batch: Batch, item: Item) -> bool:
    """Whether a round before this one was to run the item and was cancelled before it did."""
    between = range(item.round + 1, batch.round)
    if item.status is ItemStatus.PENDING:
        return bool(between)
    if item.status is not ItemStatus.FAILED:
        return False
    redos = {redo.round: redo for redo in batch.redos}
    return any(n not in redos or redos[n].includes(item.index) for n in between)
