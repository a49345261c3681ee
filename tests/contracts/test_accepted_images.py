"""Images as broken as the inspector lets through, drawn and archived from a bucket."""

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

import pikepdf
import pytest

from imagebatch.adapters.archive import S3ArchiveBuilder
from imagebatch.adapters.pdf_pages import S3PagesBuilder
from imagebatch.adapters.s3 import S3ObjectStore
from testing.s3server import S3Server
from tests.adapters.test_image_mutants import accepted
from tests.contracts.test_pages_builder import KEY, UNDRAWABLE, found_member, stored

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

IMAGES = 100
BUCKET = "bucket"


@pytest.fixture
def s3() -> Iterator["S3Client"]:
    with S3Server() as running:
        yield running.client(attempts=2)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_what_was_accepted_is_archived_with_its_pages(s3: "S3Client") -> None:
    media = S3ObjectStore(s3, BUCKET)
    pages = S3PagesBuilder(s3, BUCKET, media)
    bodies = [*islice(accepted(5_000, seed=16), IMAGES), UNDRAWABLE]
    images = stored(media, *bodies)

    pages.build(KEY, images)
    pdf = found_member(pages, images)
    S3ArchiveBuilder(s3, BUCKET).build(
        "archives/b1/1-1.zip", [*images, pdf], modified=datetime(2026, 11, 20, tzinfo=UTC)
    )

    with zipfile.ZipFile(io.BytesIO(media.get("archives/b1/1-1.zip") or b"")) as archive:
        assert archive.testzip() is None
        assert [archive.read(image.name) for image in images] == bodies
        with pikepdf.open(archive.open("pages.pdf")) as opened:
            assert len(opened.pages) == IMAGES
