"""Stored images, and the versions of an item."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from imagebatch.domain.money import ZERO
from imagebatch.domain.provenance import Provenance


@dataclass(frozen=True, slots=True)
class Image:
    """A finished image as stored; the archive is checked against its `crc32` and `etag`."""

    key: str
    content_type: str
    size: int
    crc32: int
    etag: str
    width: int
    height: int
    thumbnail: bool | None = None
    """Whether a thumbnail is stored beside it, under `thumbnail_key(key)`."""
    provenance: Provenance | None = None


def thumbnail_key(image_key: str) -> str:
    """Where the thumbnail of the image with this key is: beside it, so that it expires with it."""
    return f"{image_key}.thumb.webp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One of the images that were made of an item.

    `cost` is what the item spent since the version before; `lost` when its object is gone.
    """

    round: int
    image: Image
    file: str
    model: str = ""
    note: str = ""
    cost: Decimal = ZERO
    created_at: datetime | None = None
    lost: bool = False
