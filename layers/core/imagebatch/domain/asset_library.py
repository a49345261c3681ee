"""The images generated for variants, which are kept after their batches expire.

Every batch has a shared folder, whose ID is the batch's; each of its variants has its own folder.
An image is one object, listed in both.
"""

import re
from datetime import datetime

from imagebatch.domain.batch import Batch
from imagebatch.domain.item import Item
from imagebatch.domain.statuses import ItemStatus
from imagebatch.structs import Struct

_IMAGE_ID = re.compile(r"([A-Za-z0-9-]{1,64})\.([0-9]{4,6})", re.ASCII)
_FOLDER_ID = re.compile(r"([A-Za-z0-9-]{1,64})(?:\.([1-9][0-9]{0,15}))?")


class LibraryImage(Struct, frozen=True, kw_only=True):
    """One image of a variant; `index` is its item's index in the batch."""

    batch_id: str
    index: int
    variant_id: int
    key: str
    file: str
    created_at: datetime
    thumbnail: bool | None = None

    @property
    def id(self) -> str:
        return image_id(self.batch_id, self.index)


class VariantFolder(Struct, frozen=True):
    """A variant's folder in a batch, with the images of `count` items starting at `first`."""

    variant_id: int
    name: str
    first: int
    count: int

    def has(self, index: int) -> bool:
        return self.first <= index < self.first + self.count


class Folder(Struct, frozen=True, kw_only=True):
    """A batch's shared folder and the folders of its variants."""

    batch_id: str
    name: str
    created_at: datetime
    variants: tuple[VariantFolder, ...] = ()

    def of(self, variant_id: int) -> VariantFolder | None:
        return next((one for one in self.variants if one.variant_id == variant_id), None)


def image_id(batch_id: str, index: int) -> str:
    return f"{batch_id}.{index:04d}"


def folder_id(batch_id: str, variant_id: int | None = None) -> str:
    return batch_id if variant_id is None else f"{batch_id}.{variant_id}"


def parse_folder_id(text: str) -> tuple[str, int | None] | None:
    """Return the batch and variant of a folder's ID; None for an invalid ID."""
    match = _FOLDER_ID.fullmatch(text)
    return (match[1], int(match[2]) if match[2] else None) if match else None


def parse_image_id(text: str) -> tuple[str, int] | None:
    """Return the batch and item index of an image's ID; None for an invalid ID."""
    match = _IMAGE_ID.fullmatch(text)
    return (match[1], int(match[2])) if match else None


def folder_name(batch: Batch) -> str:
    return batch.name or f"Batch {batch.id[:8]}"


def library_image(batch: Batch, item: Item) -> LibraryImage | None:
    """Return the item's library entry; None without an image or a variant."""
    if item.variant_id is None or item.status is not ItemStatus.SUCCEEDED or item.image is None:
        return None
    return LibraryImage(
        batch_id=batch.id,
        index=item.index,
        variant_id=item.variant_id,
        key=item.image.key,
        file=item.file or "",
        created_at=item.state.settled_at or batch.created_at,
        thumbnail=item.image.thumbnail,
    )
