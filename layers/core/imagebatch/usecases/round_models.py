"""The models of a round after the first, and its maximum cost."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

from imagebatch.domain.batch import Batch
from imagebatch.domain.budgets import change_max_cost, reserve
from imagebatch.domain.errors import OverBudgetError
from imagebatch.domain.item import Item
from imagebatch.domain.model_choice import Requirement, UsableModels
from imagebatch.domain.model_registry import ImageModel, Mode, Quality
from imagebatch.domain.money import ZERO
from imagebatch.domain.round_input import round_price
from imagebatch.structs import Struct, replace

NO_PROVIDER = frozenset({""})
"""A live batch stays live if the stack has lost its keys: every model is rejected."""


class RoundOptions(Struct, frozen=True, kw_only=True):
    """Options of a retry or a redo; None keeps the previous round's value."""

    model: str | None = None
    fallback: Sequence[str] | None = None
    quality: Quality | None = None
    max_cost: Decimal | None = None


class ChooseRoundModels(Struct, frozen=True):
    models: Callable[[], UsableModels]

    def __call__(
        self,
        batch: Batch,
        items: Sequence[Item],
        options: RoundOptions,
        now: datetime,
        *,
        seed: Callable[[Item], int | None],
    ) -> Batch:
        """The batch with its own copies of the entries it runs `items` on from now on, and their
        estimate and reservation.

        UnprocessableError for a model that cannot be used or cannot make them.
        """
        usable = self._usable(batch)
        quality = options.quality or batch.quality
        chain = _chain(usable, batch, options)
        usable.check(chain, [_requirement(item, quality, seed(item)) for item in items])
        ratios = {item.aspect_ratio for item in items if item.aspect_ratio}
        opened = replace(
            batch,
            model=chain[0].id,
            models=tuple(model.batch_copy(quality, ratios) for model in chain),
            quality=quality,
        )
        if options.max_cost is not None:
            opened = change_max_cost(opened, options.max_cost)
        price = sum((round_price(opened, item) for item in items), ZERO)
        return reserve(replace(opened, estimated=batch.money.committed + price), price, now)

    def _usable(self, batch: Batch) -> UsableModels:
        """A batch stays in the mode in which it was submitted, whatever keys exist now."""
        usable = self.models()
        if batch.mode is Mode.DEVELOPMENT:
            return replace(usable, providers=frozenset())
        return replace(usable, providers=usable.providers or NO_PROVIDER)


def check_cap(batch: Batch) -> None:
    """OverBudgetError if the round's estimate exceeds the maximum cost."""
    if batch.max_cost is not None and batch.estimated > batch.max_cost:
        raise OverBudgetError(
            "over-budget",
            "Estimated cost is over the maximum cost",
            detail=f"With this round the batch is estimated at {batch.estimated} USD, over "
            f"its maximum of {batch.max_cost} USD. Set a higher maximum cost.",
        )


def _chain(usable: UsableModels, batch: Batch, options: RoundOptions) -> Sequence[ImageModel]:
    """A newly named model does not inherit the fallbacks of the previous one."""
    if options.model or options.fallback is not None:
        return usable.chain(options.model or batch.model, options.fallback or ())
    first = usable.find(batch.model)
    others = (usable.registry.models.get(entry.id) for entry in batch.models[1:])
    return (first, *(m for m in others if m is not None and not usable.unusable_reason(m)))


def _requirement(item: Item, quality: Quality, seed: int | None) -> Requirement:
    return Requirement(
        row=item.row,
        custom_id=item.custom_id,
        aspect_ratio=item.aspect_ratio,
        quality=quality,
        images=len(item.images),
        seed=seed is not None,
    )
