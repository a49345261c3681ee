"""The images of an item: which one is chosen, and what happens if one is missing."""

import hashlib
from collections.abc import Iterable

from imagebatch.domain.batch import Batch
from imagebatch.domain.images import Version
from imagebatch.domain.item import Item
from imagebatch.structs import replace

MAX_VERSIONS = 50
_CHOICE_BYTES = 6
"""A number of this size is exact in JSON and in the table."""


def choices_of(items: Iterable[Item]) -> int:
    """Return all choices that differ from the newest image as one number: equal for equal choices.

    Stored with the batch and with each archive, it shows whether an archive has the chosen images.
    """
    total = 0
    for item in items:
        total ^= choice_mark(item)
    return total


def choice_mark(item: Item) -> int:
    """Return one item's part of that number; 0 for the newest image, and without an image."""
    if item.image is None or item.chosen is None:
        return 0
    text = f"{item.index}:{item.chosen}".encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:_CHOICE_BYTES])


def newest(item: Item) -> int | None:
    """Return the number of the newest version that still exists."""
    kept = [n for n, version in enumerate(item.all_versions, start=1) if not version.lost]
    return kept[-1] if kept else None


def choose(batch: Batch, item: Item, number: int) -> tuple[Batch, Item]:
    """Make version `number` the item's image; unchanged if it already is."""
    if item.chosen_number == number:
        return batch, item
    chosen = _with_chosen(item, number)
    return _with_choices(batch, item, chosen), chosen


def lose(batch: Batch, item: Item, number: int) -> tuple[Batch, Item]:
    """Mark a version whose object is gone; the newest remaining one becomes the item's image.

    Without any, the item has no image: the caller decides what follows.
    """
    versions = tuple(
        replace(version, lost=True) if at == number else version
        for at, version in enumerate(item.all_versions, start=1)
    )
    marked = replace(item, versions=versions)
    if item.chosen_number == number:
        left = newest(marked)
        marked = (
            replace(marked, image=None, file=None, chosen=None)
            if left is None
            else _with_chosen(marked, left)
        )
    return _with_choices(batch, item, marked), marked


def add(batch: Batch, item: Item, version: Version) -> tuple[Batch, Item]:
    """Add the newest image, which becomes the chosen one."""
    after = replace(
        item,
        image=version.image,
        file=version.file,
        versions=(*item.versions, version) if item.versions else (),
        chosen=None,
        last_redo=None,
    )
    return _with_choices(batch, item, after), after


def _with_chosen(item: Item, number: int) -> Item:
    version = item.all_versions[number - 1]
    is_newest = number == len(item.all_versions)
    return replace(
        item,
        versions=item.all_versions,
        image=version.image,
        file=version.file,
        chosen=None if is_newest else number,
        model=version.model,
        state=replace(item.state, settled_at=version.created_at),
    )


def _with_choices(batch: Batch, before: Item, after: Item) -> Batch:
    changed = choice_mark(before) ^ choice_mark(after)
    return replace(batch, choices=(batch.choices or 0) ^ changed) if changed else batch
