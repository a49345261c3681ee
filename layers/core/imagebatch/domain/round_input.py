"""An item's price and provider input in the current round of its batch.

The first round sends its first model the planned input. Every later round has its own copies of the
models' entries, and the other models of the chain have different field names, so their input is
rebuilt from the item.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from imagebatch.domain.batch import Batch
from imagebatch.domain.images import Image
from imagebatch.domain.item import Item
from imagebatch.domain.model_registry import ImageModel, Mode
from imagebatch.domain.statuses import Kind

SETTINGS_OF_OURS = frozenset({"prompt", "aspect_ratio", "images", "seed"})


def round_price(batch: Batch, item: Item) -> Decimal:
    """Return the maximum cost of one image of the item in this round."""
    if batch.round == 1 or batch.mode is Mode.DEVELOPMENT or not batch.models:
        return item.price
    images = len(item.images)
    return max(entry.max_price(batch.quality, images) for entry in batch.models)


def model_price(batch: Batch, item: Item, model: str) -> Decimal:
    """Return the maximum cost of one image of the model."""
    entry = _priced(batch, model)
    if entry is None:
        return round_price(batch, item)
    price = entry.max_price(batch.quality, len(item.images))
    return min(round_price(batch, item), price)


def delivered_price(batch: Batch, item: Item, image: Image) -> Decimal:
    """Return the cost of a delivered image, by its pixels if the model is priced per megapixel."""
    entry = _priced(batch, item.model)
    if entry is None:
        return item.state.reserved
    price = entry.actual_price(batch.quality, image.width, image.height, len(item.images))
    return min(item.state.reserved, price)


def _priced(batch: Batch, model: str) -> ImageModel | None:
    """Return the model's entry, if it has the price."""
    entry = batch.entry_of(model)
    if batch.mode is Mode.DEVELOPMENT or entry is None or entry.offer(batch.quality) is None:
        return None
    return entry


def round_prompt(item: Item) -> str:
    """Return the item's prompt, with the note of its redo."""
    return f"{item.prompt}\n{item.note}" if item.note else item.prompt


def round_seed(item: Item) -> int | None:
    """A redo drops the row's own seed."""
    if item.redo_round is not None:
        return item.seed
    seed = item.settings.get("seed")
    return seed if isinstance(seed, int) else None


def round_input(batch: Batch, item: Item, entry: ImageModel) -> Mapping[str, Any]:
    """Return the input that `entry` gets for the item, without its reference images."""
    if batch.round == 1 and entry.id == batch.model:
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
