"""Captions of a batch's images: the car, the variant, or the start of the prompt."""

from collections import Counter
from collections.abc import Sequence

from imagebatch.domain.batch_manifest import BatchManifest
from imagebatch.domain.item import ItemSpec
from imagebatch.domain.statuses import Kind
from imagebatch.formats.visible_text import folded_name

NAMING = ("make", "model", "year")
MAX_LENGTH = 80


def captions_of(plan: BatchManifest) -> list[str]:
    """Return one caption per item; empty if only the file name describes the image."""
    columns = {folded_name(name): place for place, name in enumerate(plan.header)}
    naming = [columns[name] for name in NAMING if name in columns]
    of_variant = Counter(item.variant_id for item in plan.items)
    seen: Counter[int | None] = Counter()
    captions = []
    for item in plan.items:
        seen[item.variant_id] += 1
        number = seen[item.variant_id] if of_variant[item.variant_id] > 1 else None
        captions.append(_caption(plan.kind, item, naming, number))
    return captions


def _caption(kind: Kind, item: ItemSpec, naming: Sequence[int], number: int | None) -> str:
    if item.variant_id is not None:
        name = item.archive_dir.replace("_", " ")
        return f"{name} {number}" if number else name
    if named := _named(item, naming):
        return named
    return _clipped(item.prompt) if kind is Kind.PROMPTS else ""


def _named(item: ItemSpec, naming: Sequence[int]) -> str:
    values = (item.cells[place].strip() for place in naming if place < len(item.cells))
    return _clipped(" ".join(filter(None, values)))


def _clipped(text: str) -> str:
    return text if len(text) <= MAX_LENGTH else f"{text[: MAX_LENGTH - 1].rstrip()}…"
