"""Which model of a batch's chain generates an item now, or how long the item waits.

`RoundState.blocks` holds the known state of each model. The batch waits for a rate-limited model
for a while before it uses the next one; a model that is unavailable or gone is skipped immediately.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from imagebatch.domain.batch import Batch
from imagebatch.domain.item import Item
from imagebatch.domain.round_state import BlockReason, ModelBlock, ProviderWait
from imagebatch.structs import Struct, replace


class OutagePolicy(Struct, frozen=True):
    """How long to wait out an outage, and when a rate limit moves a batch to its next model."""

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
        """Twice the last pause, since as much time has passed as all pauses together; at most eight
        times the first.
        """
        passed = max(timedelta(), now - since)
        return min(self.first_pause + passed, 8 * self.first_pause)

    def exhausted(self, since: datetime | None, now: datetime) -> bool:
        return since is not None and now - since >= self.patience


STANDARD_POLICY = OutagePolicy()


def block_of(batch: Batch, model: str) -> ModelBlock | None:
    return next((block for block in batch.state.blocks if block.model == model), None)


def block_model(
    batch: Batch, model: str, reason: BlockReason, now: datetime, until: datetime | None
) -> Batch:
    """Record that a model is blocked until a time; None means for the rest of the round."""
    before = block_of(batch, model)
    since = before.since if before is not None and before.reason == reason else now
    block = ModelBlock(model, reason, since, until)
    others = tuple(each for each in batch.state.blocks if each.model != model)
    return _with_blocks(batch, (*others, block))


def renew(batch: Batch, model: str, now: datetime) -> Batch:
    """The model accepted a create or generated an image: any block on it began later."""
    before = block_of(batch, model)
    if before is None or before.reason == BlockReason.GONE:
        return batch
    others = tuple(each for each in batch.state.blocks if each.model != model)
    kept = (replace(before, since=now),) if before.holds(now) else ()
    return _with_blocks(batch, (*others, *kept))


def _with_blocks(batch: Batch, blocks: tuple[ModelBlock, ...]) -> Batch:
    return replace(batch, state=replace(batch.state, blocks=blocks))


def usable_model(batch: Batch, item: Item, now: datetime, policy: OutagePolicy) -> str | None:
    """Return the model to use for the item now."""
    for model in _candidates(batch, item):
        block = block_of(batch, model)
        if block is None or not block.holds(now):
            return model
        if _still_preferred(block, now, policy):
            return None
    return None


def next_look(batch: Batch, item: Item, now: datetime, policy: OutagePolicy) -> datetime | None:
    """Return when a model can be tried again; None if all remaining ones have been gone or
    unavailable for longer than the limit.
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
    """Set `waiting` to the reason if the batch cannot generate anything now."""
    until = next_look(batch, item, now, policy)
    if until is None or until <= now:
        return _with_waiting(batch, None) if batch.waiting_for(now) else batch
    blocks = [block_of(batch, model) for model in _candidates(batch, item)]
    first = next(each for each in blocks if each is not None and each.until is not None)
    waiting = ProviderWait(first.reason, until, first.since)
    return batch if batch.state.waiting == waiting else _with_waiting(batch, waiting)


def _with_waiting(batch: Batch, waiting: ProviderWait | None) -> Batch:
    return replace(batch, state=replace(batch.state, waiting=waiting))


def _candidates(batch: Batch, item: Item) -> Sequence[str]:
    """After a create that may have generated an image, no other model is used for the item."""
    return (item.model,) if item.state.model_fixed else batch.chain


def _still_preferred(block: ModelBlock, now: datetime, policy: OutagePolicy) -> bool:
    limited = block.reason == BlockReason.RATE_LIMITED
    return limited and now < block.since + policy.fallback_after


def _given_up(block: ModelBlock, now: datetime, policy: OutagePolicy) -> bool:
    return block.reason == BlockReason.UNAVAILABLE and policy.exhausted(block.since, now)
