"""Batches and items for tests: valid by default; a test sets what it cares about."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from imagebatch.domain.batch import Batch
from imagebatch.domain.counts import Counts
from imagebatch.domain.images import Image
from imagebatch.domain.item import Item
from imagebatch.domain.model_registry import Mode
from imagebatch.domain.statuses import Kind
from testing.fakes.system import START

PRICE = Decimal("0.05")


def a_batch(id: str = "b1", owner: str = "ann", *, size: int = 3, **fields: Any) -> Batch:  # noqa: A002
    rejected = fields.get("rejected", 0)
    return Batch(
        **{
            "id": id,
            "owner": owner,
            "kind": Kind.CARS,
            "mode": Mode.LIVE,
            "model": "google/imagen-3",
            "counts": Counts(pending=size - rejected, failed=rejected),
            "round_total": size - rejected,
            "created_at": START,
            "updated_at": START,
            "retention_ends_at": START + timedelta(days=7),
            **fields,
        }
    )


def an_item(index: int = 0, **fields: Any) -> Item:
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
            **fields,
        }
    )


def some_items(count: int) -> list[Item]:
    return [an_item(index) for index in range(count)]


def an_image(key: str = "library/b1/000000-0123456789abcdef") -> Image:
    return Image(key, "image/png", 3, 1, '"etag"', 64, 64)
