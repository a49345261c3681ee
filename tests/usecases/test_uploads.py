from concurrent.futures import ThreadPoolExecutor
from copy import replace

import pytest

from imagebatch.api.errors import status_of
from imagebatch.domain.errors import (
    InvalidRequestError,
    NotFoundError,
    StateConflictError,
    UnavailableError,
)
from imagebatch.domain.uploads import Upload, UploadKind, UploadStatus
from imagebatch.usecases.uploads import CheckUpload, CreateUpload, ReadSheet
from testing.fakes import FakeClock, InMemoryObjectStore, InMemoryUploadStore
from testing.fakes.telemetry import SilentTelemetry

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR...IEND\xaeB`\x82"
SHEET = b"make,model\nToyota,Corolla\n"
PRODUCT, CSV = UploadKind.PRODUCT, UploadKind.CSV
INCOMING, FINAL = "uploads/incoming/u1", "uploads/u1"


class Uploads:
    def __init__(self) -> None:
        self.store, self.media, self.clock = (
            InMemoryUploadStore(),
            InMemoryObjectStore(),
            FakeClock(),
        )
        self.take = CreateUpload(self.store, self.media, self.clock)
        self.check = CheckUpload(self.store, self.media, SilentTelemetry())
        self.read = ReadSheet(self.store, self.media)

    def announce(self, kind: UploadKind = PRODUCT) -> Upload:
        return self.take.create_presigned("ann", "u1", kind, "a.png", "image/png", 100)

    def arrive(self, body: bytes) -> dict[str, str]:
        self.media.put(INCOMING, body, "image/jpeg")
        return self.check(INCOMING)

    @property
    def status(self) -> UploadStatus:
        return self.store.uploads["u1"].status


@pytest.fixture
def uploads() -> Uploads:
    return Uploads()


def test_inline_upload_is_ready_immediately(uploads: Uploads) -> None:
    upload = uploads.take.create_inline("ann", "u1", PRODUCT, "photo.jpg", PNG)
    assert (upload.status, upload.content_type, upload.size) == ("ready", "image/png", len(PNG))
    assert uploads.media.objects[FINAL].content_type == "image/png"


def test_a_refused_file_leaves_nothing(uploads: Uploads) -> None:
    with pytest.raises(InvalidRequestError):
        uploads.take.create_inline("ann", "u1", PRODUCT, "a.png", b"<svg/>")
    assert not uploads.media.objects
    assert not uploads.store.uploads


def test_taken_twice_it_is_one_upload(uploads: Uploads) -> None:
    first = uploads.announce()
    uploads.clock.advance(60)
    assert uploads.announce() == first


def test_form_is_limited_to_key_size_and_type(uploads: Uploads) -> None:
    form = uploads.take.form("u1", "image/png", 100)
    assert form.fields == {"key": INCOMING, "Content-Type": "image/png", "most": "100"}


def test_arrived_file_is_validated_and_moved(
    uploads: Uploads,
) -> None:
    uploads.announce()
    assert uploads.status is UploadStatus.CHECKING
    assert uploads.arrive(PNG) == {"uploadId": "u1", "status": "ready"}
    assert uploads.status is UploadStatus.READY
    assert list(uploads.media.objects) == [FINAL]
    assert uploads.media.objects[FINAL].content_type == "image/png"


def test_upload_of_wrong_type_is_rejected_with_reason(uploads: Uploads) -> None:
    uploads.announce()
    uploads.arrive(b"<html>")
    assert uploads.status is UploadStatus.REJECTED
    assert uploads.store.uploads["u1"].reason
    assert not uploads.media.objects


def test_a_ready_upload_cannot_be_replaced(uploads: Uploads) -> None:
    uploads.announce()
    uploads.arrive(PNG)
    assert uploads.arrive(PNG + b"other") == {"ignored": INCOMING}
    assert uploads.media.bodies == {FINAL: PNG}


def test_an_arrival_told_twice_is_checked_once(uploads: Uploads) -> None:
    uploads.announce()
    uploads.arrive(PNG)
    assert uploads.check(INCOMING) == {"ignored": INCOMING}
    assert uploads.status is UploadStatus.READY


def test_two_checks_at_once_agree(uploads: Uploads) -> None:
    uploads.announce()
    ready = replace(uploads.store.uploads["u1"], status=UploadStatus.READY)
    uploads.store.before_next("settle", lambda: uploads.store.uploads.update(u1=ready))
    uploads.arrive(PNG)
    assert uploads.store.uploads["u1"] == ready
    assert uploads.media.bodies == {FINAL: PNG}


@pytest.mark.parametrize("call", ["put", "delete"])
def test_a_check_that_died_is_done_again(uploads: Uploads, call: str) -> None:
    uploads.announce()
    uploads.media.put(INCOMING, PNG, "image/png")
    uploads.media.fail_next(call, UnavailableError("S3 is down"), applied=True)
    with pytest.raises(UnavailableError):
        uploads.check(INCOMING)
    uploads.check(INCOMING)
    assert uploads.status is UploadStatus.READY
    assert list(uploads.media.objects) == [FINAL]


def test_an_object_that_nobody_announced_is_removed(uploads: Uploads) -> None:
    assert uploads.arrive(PNG) == {"ignored": INCOMING}
    assert not uploads.media.objects


def test_a_sheet_is_read_once_it_is_ready(uploads: Uploads) -> None:
    uploads.announce(CSV)
    with pytest.raises(StateConflictError) as refused:
        uploads.read("ann", "u1")
    assert (status_of(refused.value), refused.value.retry_after) == (409, 2)
    uploads.arrive(SHEET)
    assert uploads.read("ann", "u1") == SHEET


def test_a_rejected_sheet_is_refused_with_its_reason(uploads: Uploads) -> None:
    uploads.announce(CSV)
    uploads.arrive(PNG)
    with pytest.raises(StateConflictError, match="rejected") as refused:
        uploads.read("ann", "u1")
    assert "image/png" in refused.value.detail


def test_unknown_foreign_and_other_uploads_are_all_not_found(uploads: Uploads) -> None:
    uploads.take.create_inline("ann", "u1", PRODUCT, "a.png", PNG)
    uploads.take.create_inline("bob", "u2", CSV, "b.csv", SHEET)
    seen = set()
    for upload_id in ["u1", "u2", "nothing"]:
        with pytest.raises(NotFoundError) as refused:
            uploads.read("ann", upload_id)
        seen.add((status_of(refused.value), refused.value.error))
    assert seen == {(404, "Upload not found")}


def test_concurrent_arrivals_settle_an_upload_once(uploads: Uploads) -> None:
    telemetry = SilentTelemetry()
    check = CheckUpload(uploads.store, uploads.media, telemetry)
    uploads.announce()
    uploads.media.put(INCOMING, PNG, "image/png")
    with ThreadPoolExecutor(200) as pool:
        answers = list(pool.map(lambda _: check(INCOMING), range(200)))
    assert {"uploadId": "u1", "status": "ready"} in answers
    assert telemetry.notes == ["upload checked"]
    assert (uploads.status, uploads.media.bodies[FINAL]) == (UploadStatus.READY, PNG)


OTHER = PNG[:-8] + b"another picture" + PNG[-8:]


def test_two_files_through_one_form_are_one_upload(uploads: Uploads) -> None:
    """The second is posted and checked while the first is: the record describes what is stored."""
    uploads.announce()
    uploads.media.before_next("put_if_absent", lambda: uploads.arrive(OTHER))
    uploads.arrive(PNG)
    upload = uploads.store.uploads["u1"]
    assert (upload.status, upload.size) == (UploadStatus.READY, len(OTHER))
    assert uploads.media.bodies == {FINAL: OTHER}


def test_a_rejected_form_keeps_no_second_file(uploads: Uploads) -> None:
    uploads.announce()
    uploads.media.before_next("put_if_absent", lambda: uploads.arrive(b"no picture"))
    uploads.arrive(PNG)
    assert uploads.status is UploadStatus.REJECTED
    assert not uploads.media.bodies


def test_killed_validation_describes_the_stored_file(uploads: Uploads) -> None:
    uploads.announce()
    uploads.store.fail_next("settle", UnavailableError("killed"))
    with pytest.raises(UnavailableError):
        uploads.arrive(PNG)
    uploads.arrive(OTHER)
    assert uploads.store.uploads["u1"].size == len(PNG)
    assert uploads.media.bodies == {FINAL: PNG}
