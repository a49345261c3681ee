"""The images of an item: which one is chosen, and what becomes of one that is lost."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from imagebatch.domain.batch import Batch, Item, Version

MAX_VERSIONS = 50
_CHOICE_BYTES = 6
"""A number of this size is exact wherever it is read, in JSON as in the table."""


def choices_of(items: Iterable[Item]) -> int:
    """All choices that differ from the newest image as one number: equal for equal choices.

    Kept with the batch and with each archive, it says whether an archive has the chosen images.
    """
    total = 0
    for item in items:
        total ^= choice_mark(item)
    return total


def choice_mark(item: Item) -> int:
    """One item's part of that number; 0 for the newest image, and for none."""
    if item.image is None or item.chosen is None:
        return 0
    text = f"{item.index}:{item.chosen}".encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:_CHOICE_BYTES])


def newest(item: Item) -> int | None:
    """The number of the newest version that is still there."""
    kept = [n for n, version in enumerate(item.all_versions, start=1) if not version.lost]
    return kept[-1] if kept else None


def choose(batch: Batch, item: Item, number: int) -> tuple[Batch, Item]:
    """Makes version `number` the item's image; the pair itself where it is so already."""
    if item.chosen_number == number:
        return batch, item
    chosen = _with_chosen(item, number)
    return _with_choices(batch, item, chosen), chosen


def lose(batch: Batch, item: Item, number: int) -> tuple[Batch, Item]:
    """Marks a version whose object is gone; the newest that is left becomes the item's image.

    Without any the item has no image: what that makes of it is for the caller to say.
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
    """Adds the newest image, which is the chosen one whatever was chosen before."""
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
        settled_at=version.created_at,
    )


def _with_choices(batch: Batch, before: Item, after: Item) -> Batch:
    changed = choice_mark(before) ^ choice_mark(after)
    return replace(batch, choices=(batch.choices or 0) ^ changed) if changed else batch
