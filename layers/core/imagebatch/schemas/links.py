"""Presigned URLs of a batch's archive. Without pydantic, which live progress does not load."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from imagebatch.domain.batch import Batch
from imagebatch.domain.images import thumbnail_key

URL_SECONDS = 900

type Sign = Callable[[str, int, str | None], str]
"""(key, seconds, file name or None to show it inline) -> a presigned URL."""


class StoredImage(Protocol):
    @property
    def key(self) -> str: ...

    @property
    def thumbnail(self) -> bool | None: ...


def thumbnail_url(image: StoredImage, sign: Sign) -> str:
    """Return the image itself if it has no thumbnail: an older one, or one that could not
    be drawn.
    """
    key = thumbnail_key(image.key) if image.thumbnail else image.key
    return sign(key, URL_SECONDS, None)


def download_name(batch: Batch) -> str:
    """Return the archive's file name for downloads."""
    return f"{batch.name or 'batch-' + batch.id[:8]}.zip"


def url_seconds(batch: Batch, now: datetime) -> int:
    """Return how long a URL of a batch may be valid: none outlives its archive."""
    if batch.expires_at is None:
        return URL_SECONDS
    return max(1, min(URL_SECONDS, int((batch.expires_at - now).total_seconds())))


def archive_links(batch: Batch, now: datetime, sign: Sign | None) -> dict[str, str | None]:
    """By field name; null without an archive, or without `sign`."""
    archive = batch.available_archive(now)
    if archive is None or sign is None:
        return {"zip_url": None, "failed_rows_url": None, "failed_rows_csv_url": None}
    seconds = url_seconds(batch, now)
    failed, sheet = archive.failed_rows_key, archive.failed_rows_csv_key
    return {
        "zip_url": sign(archive.key, seconds, download_name(batch)),
        "failed_rows_url": sign(failed, seconds, "failed_rows.json") if failed else None,
        "failed_rows_csv_url": sign(sheet, seconds, "failed_rows.csv") if sheet else None,
    }
