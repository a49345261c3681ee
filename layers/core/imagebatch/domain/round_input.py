"""What an item costs and what its provider is sent in the current round of its batch.

The first round sends what was planned when the batch was accepted. Every later one has its own
copies of the models' entries, so its input is made from them anew.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from imagebatch.domain.batch import Batch, Item, Kind
from imagebatch.domain.model_registry import ImageModel, Mode

SETTINGS_OF_OURS = frozenset({"prompt", "aspect_ratio", "images", "seed"})


def round_price(batch: Batch, item: Item) -> Decimal:
    """The most that one image of the item costs in this round."""
    if batch.round == 1 or batch.mode is Mode.DEVELOPMENT or not batch.models:
        return item.price
    images = len(item.images)
    return max(entry.max_price(batch.quality, images) for entry in batch.models)


def round_prompt(item: Item) -> str:
    """The item's prompt, and what a person asked for when it was made again."""
    return f"{item.prompt}\n{item.note}" if item.note else item.prompt


def round_seed(item: Item) -> int | None:
    """A redo drops the row's own seed."""
    if item.redo_round is not None:
        return item.seed
    seed = item.settings.get("seed")
    return seed if isinstance(seed, int) else None


def round_input(batch: Batch, item: Item, entry: ImageModel) -> Mapping[str, Any]:
    """What `entry` is sent for the item, but for its reference images."""
    if batch.round == 1:
        return item.input
    handed_on = {
        entry.fields[name]: value
        for name, value in item.settings.items()
        if name in entry.fields and name not in SETTINGS_OF_OURS and value is not None
    }
    return (handed_on if batch.kind is Kind.VARIANTS else {}) | entry.input_for(
        prompt=round_prompt(item),
        aspect_ratio=item.aspect_ratio,
        quality=batch.quality,
        seed=round_seed(item),
    )
