"""Stored images, and the versions of an item."""

from datetime import datetime
from decimal import Decimal

from imagebatch.domain.money import ZERO
from imagebatch.domain.provenance import Provenance
from imagebatch.structs import Struct


class Image(Struct, frozen=True):
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


class Version(Struct, frozen=True, kw_only=True):
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
