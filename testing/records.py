"""Batches and items for tests: valid by default; a test sets what it cares about."""

from copy import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from imagebatch.domain.batch import Batch
from imagebatch.domain.counts import Counts
from imagebatch.domain.images import Image
from imagebatch.domain.item import Item
from imagebatch.domain.item_state import ItemState
from imagebatch.domain.model_registry import Mode
from imagebatch.domain.round_state import RoundState
from imagebatch.domain.statuses import Kind
from testing.fakes.system import START

PRICE = Decimal("0.05")
BATCH_STATE = frozenset(RoundState.__struct_fields__)
ITEM_STATE = frozenset(ItemState.__struct_fields__)


def a_batch(id: str = "b1", owner: str = "ann", *, size: int = 3, **fields: Any) -> Batch:  # noqa: A002
    """Fields of the batch and of its round's state."""
    rejected = fields.get("rejected", 0)
    waiting = size - rejected
    state, others = _split(fields, BATCH_STATE)
    counts = Counts(pending=waiting, failed=rejected)
    return Batch(
        **{
            "id": id,
            "owner": owner,
            "kind": Kind.CARS,
            "mode": Mode.LIVE,
            "model": "google/imagen-3",
            "state": RoundState(**{"counts": counts, "round_total": waiting, **state}),
            "created_at": START,
            "updated_at": START,
            "retention_ends_at": START + timedelta(days=7),
            **others,
        }
    )


def change_batch(batch: Batch, **fields: Any) -> Batch:
    """Return the batch with other values for these fields, its own or its round's state's."""
    state, others = _split(fields, BATCH_STATE)
    return replace(batch, state=replace(batch.state, **state), **others)


def _split(
    fields: dict[str, Any], of_state: frozenset[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the fields of the state, and the others."""
    state = {name: fields[name] for name in fields if name in of_state}
    return state, {name: fields[name] for name in fields if name not in state}


def an_item(index: int = 0, **fields: Any) -> Item:
    """Fields of the item and of its state."""
    state, others = _split(fields, ITEM_STATE)
    return Item(
        **{
            "index": index,
            "custom_id": f"row-{index + 2:04d}",
            "row": index + 2,
            "prompt": f"a car, number {index}",
            "stem": f"car-{index}",
            "price": PRICE,
            "input": {"prompt": f"a car, number {index}", "aspect_ratio": "16:9"},
            "aspect_ratio": "16:9",
            "state": ItemState(**state),
            **others,
        }
    )


def change_item(item: Item, **fields: Any) -> Item:
    """Return the item with other values for these fields, its own or its state's."""
    state, others = _split(fields, ITEM_STATE)
    return replace(item, state=replace(item.state, **state), **others)


def some_items(count: int) -> list[Item]:
    return [an_item(index) for index in range(count)]


def an_image(key: str = "library/b1/000000-0123456789abcdef") -> Image:
    return Image(key, "image/png", 3, 1, '"etag"', 64, 64)
