"""Which model of a batch's chain makes an item now, and how long it waits where none can.

What a batch has learned of its models is in `Batch.blocks`. A model that is rate-limited is waited
for a while before the chain goes on; one that is unavailable or gone is passed over at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from imagebatch.domain.batch import Batch, Item, ModelBlock, Waiting


class BlockReason(StrEnum):
    """Also what `waiting_for` says, so that clients know these words."""

    RATE_LIMITED = "provider_rate_limit"
    UNAVAILABLE = "provider_unavailable"
    GONE = "model_unavailable"


@dataclass(frozen=True, slots=True)
class OutagePolicy:
    """How long an outage is waited out, and when a rate limit moves a batch to its next model."""

    patience: timedelta = timedelta(seconds=900)
    fallback_after: timedelta = timedelta(seconds=60)

    @property
    def first_pause(self) -> timedelta:
        return min(timedelta(seconds=10), self.patience / 30)

    @property
    def open_for(self) -> timedelta:
        """How long a circuit breaker stays open."""
        return min(timedelta(seconds=60), self.patience / 15)

    def pause(self, since: datetime, now: datetime) -> timedelta:
        """Twice the last pause, because as much has passed as all of them; eight times the first
        at most.
        """
        passed = max(timedelta(), now - since)
        return min(self.first_pause + passed, 8 * self.first_pause)

    def exhausted(self, since: datetime | None, now: datetime) -> bool:
        return since is not None and now - since >= self.patience


STANDARD_POLICY = OutagePolicy()


def block_of(batch: Batch, model: str) -> ModelBlock | None:
    return next((block for block in batch.blocks if block.model == model), None)


def block_model(
    batch: Batch, model: str, reason: BlockReason, now: datetime, until: datetime | None
) -> Batch:
    """Records that a model makes nothing until then; None is for the rest of the round."""
    before = block_of(batch, model)
    since = before.since if before is not None and before.reason == reason else now
    block = ModelBlock(model, reason, since, until)
    others = tuple(each for each in batch.blocks if each.model != model)
    return replace(batch, blocks=(*others, block))


def renew(batch: Batch, model: str, now: datetime) -> Batch:
    """The model took a create or made an image: whatever it is blocked for began after that."""
    before = block_of(batch, model)
    if before is None or before.reason == BlockReason.GONE:
        return batch
    others = tuple(each for each in batch.blocks if each.model != model)
    kept = (replace(before, since=now),) if before.holds(now) else ()
    return replace(batch, blocks=(*others, *kept))


def usable_model(batch: Batch, item: Item, now: datetime, policy: OutagePolicy) -> str | None:
    """The model that may be asked for the item now."""
    for model in _candidates(batch, item):
        block = block_of(batch, model)
        if block is None or not block.holds(now):
            return model
        if _still_preferred(block, now, policy):
            return None
    return None


def next_look(batch: Batch, item: Item, now: datetime, policy: OutagePolicy) -> datetime | None:
    """When a model can be asked again; None when all that are left have been gone or unavailable
    for longer than anybody waits.
    """
    times: list[datetime] = []
    *_, last = _candidates(batch, item)
    for model in _candidates(batch, item):
        block = block_of(batch, model)
        if block is None or not block.holds(now):
            return now
        if block.until is None or _given_up(block, now, policy):
            continue
        times.append(block.until)
        if _still_preferred(block, now, policy) and model != last:
            times.append(block.since + policy.fallback_after)
            break
    return min(times, default=None)


def is_gone(batch: Batch, model: str) -> bool:
    block = block_of(batch, model)
    return block is not None and block.reason == BlockReason.GONE


def show_waiting(batch: Batch, item: Item, now: datetime, policy: OutagePolicy) -> Batch:
    """Says in `waiting` why the batch makes nothing, if so."""
    until = next_look(batch, item, now, policy)
    if until is None or until <= now:
        return replace(batch, waiting=None) if batch.waiting_for(now) else batch
    blocks = [block_of(batch, model) for model in _candidates(batch, item)]
    first = next(each for each in blocks if each is not None and each.until is not None)
    waiting = Waiting(first.reason, until, first.since)
    return batch if batch.waiting == waiting else replace(batch, waiting=waiting)


def _candidates(batch: Batch, item: Item) -> Sequence[str]:
    """After a create that may have made an image, no other model is asked for another."""
    return (item.model,) if item.model_fixed else batch.chain


def _still_preferred(block: ModelBlock, now: datetime, policy: OutagePolicy) -> bool:
    limited = block.reason == BlockReason.RATE_LIMITED
    return limited and now < block.since + policy.fallback_after


def _given_up(block: ModelBlock, now: datetime, policy: OutagePolicy) -> bool:
    return block.reason == BlockReason.UNAVAILABLE and policy.exhausted(block.since, now)
