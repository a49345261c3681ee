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
    """Return the thumbnail's key, under the image's prefix so that both expire together."""
    return f"{image_key}.thumb.webp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One of the images generated for an item.

    `cost` is the amount spent on the item since the previous version. `lost` is set if the object
    no longer exists.
    """

    round: int
    image: Image
    file: str
    model: str = ""
    note: str = ""
    cost: Decimal = ZERO
    created_at: datetime | None = None
    lost: bool = False
