"""pages.pdf in the bucket: whole or not at all, and only of what was recorded."""

import io
import zlib
from copy import replace
from typing import Any

import pikepdf
import pytest

from imagebatch.adapters.aws import Clients
from imagebatch.adapters.pdf_pages import MAX_DRAWS, S3PagesBuilder
from imagebatch.adapters.s3 import S3ObjectStore
from imagebatch.domain.errors import UnavailableError
from imagebatch.ports.archive import BadMembersError, StoredMember
from imagebatch.ports.pdf_pages import Pages
from testing.aws import BUCKET, REGION
from testing.awsfaults import refuse
from tests.adapters.test_pages import BODIES, noise, saved

KEY = "archives/b1/1-1.pages.pdf"


@pytest.fixture
def s3(clients: Clients) -> Any:
    where: Any = {"LocationConstraint": REGION}
    clients.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
    return clients.s3


@pytest.fixture
def media(s3: Any) -> S3ObjectStore:
    return S3ObjectStore(s3, BUCKET)


@pytest.fixture
def pages(s3: Any, media: S3ObjectStore) -> S3PagesBuilder:
    return S3PagesBuilder(s3, BUCKET, media)


def stored(media: S3ObjectStore, *bodies: bytes) -> list[StoredMember]:
    members = []
    for number, body in enumerate(bodies):
        made = media.put(f"batches/b1/images/{number}", body, "image/png")
        members.append(
            StoredMember(f"{number}.png", made.key, made.size, zlib.crc32(body), made.etag)
        )
    return members


def found_member(pages: S3PagesBuilder, images: list[StoredMember]) -> StoredMember:
    found = pages.find(KEY, images)
    assert found is not None
    assert found.member is not None
    return found.member


@pytest.mark.slow
def test_pdf_is_an_archive_member_with_its_checksum(
    pages: S3PagesBuilder, media: S3ObjectStore
) -> None:
    images = stored(media, *BODIES.values())
    assert pages.find(KEY, images) is None
    pages.build(KEY, images)
    found = found_member(pages, images)
    body = media.get(KEY) or b""
    assert (found.name, found.key, found.size, found.crc32) == (
        "pages.pdf", KEY, len(body), zlib.crc32(body),
    )  # fmt: skip
    head = media.head(KEY)
    assert head is not None
    assert (head.content_type, head.etag) == ("application/pdf", found.etag)
    assert len(pikepdf.open(io.BytesIO(body)).pages) == len(BODIES)


@pytest.mark.slow
def test_it_is_found_for_exactly_its_images(pages: S3PagesBuilder, media: S3ObjectStore) -> None:
    images = stored(media, BODIES["png rgb"], BODIES["jpeg"])
    pages.build(KEY, images)
    assert pages.find(KEY, images[:1]) is None
    assert pages.find(KEY, images[::-1]) is None
    media.delete(KEY)
    assert pages.find(KEY, images) is None


@pytest.mark.slow
def test_drawn_again_it_has_the_same_bytes(pages: S3PagesBuilder, media: S3ObjectStore) -> None:
    images = stored(media, *BODIES.values())
    pages.build(KEY, images)
    first = media.get(KEY)
    pages.build(KEY, images)
    assert media.get(KEY) == first


@pytest.mark.slow
def test_a_long_pdf_is_stored_in_parts(pages: S3PagesBuilder, media: S3ObjectStore) -> None:
    body = saved(noise("RGB", (1100, 1000)), "PNG")
    images = stored(media, *[body] * 6)
    pages.build(KEY, images)
    found = found_member(pages, images)
    assert found.etag.endswith('-3"')
    whole = media.get(KEY) or b""
    assert (found.size, found.crc32) == (len(whole), zlib.crc32(whole))
    assert len(pikepdf.open(io.BytesIO(whole)).pages) == 6


@pytest.mark.parametrize("fault", ["gone", "replaced", "damaged"])
def test_image_that_differs_from_its_record_is_named(
    pages: S3PagesBuilder, media: S3ObjectStore, s3: Any, fault: str
) -> None:
    images = stored(media, BODIES["png rgb"], BODIES["jpeg"], BODIES["webp"])
    if fault == "gone":
        media.delete(images[1].key)
    elif fault == "replaced":
        media.put(images[1].key, BODIES["webp"], "image/png")
    else:
        images[1] = replace(images[1], crc32=7)
    with pytest.raises(BadMembersError) as refused:
        pages.build(KEY, images)
    assert list(refused.value.reasons) == ["1.png"]
    assert media.get(KEY) is None
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=BUCKET)


def test_missing_image_is_named_without_list_permission(
    pages: S3PagesBuilder, media: S3ObjectStore, s3: Any
) -> None:
    images = stored(media, BODIES["png rgb"])
    media.delete(images[0].key)
    refuse(s3, "GetObject", "AccessDenied", times=2, status=403)

    with pytest.raises(BadMembersError) as refused:
        pages.build(KEY, images)
    assert refused.value.reasons == {"0.png": "the stored image is gone"}


def test_a_bucket_that_does_not_answer_is_unavailable(
    pages: S3PagesBuilder, media: S3ObjectStore, s3: Any
) -> None:
    images = stored(media, BODIES["png rgb"])
    refuse(s3, "GetObject", "SlowDown", status=503)
    with pytest.raises(UnavailableError):
        pages.build(KEY, images)


UNDRAWABLE = b"\x89PNG\r\n\x1a\n" + bytes(200)


def test_a_picture_that_cannot_be_drawn_is_left_out(
    pages: S3PagesBuilder, media: S3ObjectStore
) -> None:
    images = stored(media, BODIES["png rgb"], UNDRAWABLE, BODIES["jpeg"])

    pages.build(KEY, images)

    found = pages.find(KEY, images)
    assert found is not None
    assert found.left_out == ("1.png",)
    assert len(pikepdf.open(io.BytesIO(media.get(KEY) or b"")).pages) == 2


def test_without_a_page_there_is_no_pdf(pages: S3PagesBuilder, media: S3ObjectStore) -> None:
    images = stored(media, UNDRAWABLE, UNDRAWABLE)

    pages.build(KEY, images)

    assert pages.find(KEY, images) == Pages(None, ("0.png", "1.png"))


def test_repeatedly_killed_build_is_abandoned(
    pages: S3PagesBuilder, media: S3ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = stored(media, BODIES["png rgb"])

    def killed(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(pages, "_store", killed)
    for _ in range(MAX_DRAWS):
        with pytest.raises(MemoryError):
            pages.build(KEY, images)
        assert pages.find(KEY, images) is None
    pages.build(KEY, images)

    assert pages.find(KEY, images) == Pages(None)


def test_a_discarded_pdf_leaves_nothing(
    pages: S3PagesBuilder, media: S3ObjectStore, s3: Any
) -> None:
    pages.build(KEY, stored(media, BODIES["png rgb"]))
    pages.discard(KEY)
    pages.discard(KEY)
    assert s3.list_objects_v2(Bucket=BUCKET, Prefix="archives/")["KeyCount"] == 0
