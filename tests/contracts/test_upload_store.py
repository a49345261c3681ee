from copy import replace
from datetime import timedelta
from typing import Any

import pytest

from imagebatch.adapters.dynamodb.uploads import DynamoDBUploadStore
from imagebatch.domain.errors import ConflictError, InvalidRequestError
from imagebatch.domain.uploads import Upload, UploadKind, UploadStatus
from imagebatch.ports.uploads import UploadStore
from testing.aws import TABLE, no_sleep
from testing.fakes import InMemoryUploadStore
from testing.fakes.system import START


@pytest.fixture(params=["memory", "dynamodb"])
def uploads(request: pytest.FixtureRequest) -> UploadStore:
    if request.param == "memory":
        return InMemoryUploadStore()
    return DynamoDBUploadStore(request.getfixturevalue("dynamodb"), TABLE, sleep=no_sleep)


def an_upload(id_: str = "u1", owner: str = "ann", *, after: float = 0, **fields: Any) -> Upload:
    return Upload(
        **{
            "id": id_,
            "owner": owner,
            "kind": UploadKind.PRODUCT,
            "original_name": "Stuhl blau.png",
            "content_type": "image/png",
            "size": 7,
            "created_at": START + timedelta(seconds=after),
            **fields,
        }
    )


def ready(upload: Upload) -> Upload:
    return replace(upload, status=UploadStatus.READY)


def test_an_upload_is_read_as_it_was_stored(uploads: UploadStore) -> None:
    uploads.create(an_upload())
    assert uploads.get("ann", "u1") == an_upload()
    assert uploads.get("ann", "u2") is None


def test_somebody_elses_upload_is_not_there(uploads: UploadStore) -> None:
    uploads.create(an_upload())
    assert uploads.get("bob", "u1") is None
    assert uploads.get_many("bob", ["u1"]) == {}
    assert uploads.list_uploads("bob", limit=10).items == []
    assert (uploads.owner_of("u1"), uploads.owner_of("u2")) == ("ann", None)


def test_a_deleted_upload_is_gone_with_its_pointer(uploads: UploadStore) -> None:
    uploads.create(an_upload())
    uploads.delete("bob", "u1")
    assert uploads.get("ann", "u1") == an_upload()
    for _ in range(2):
        uploads.delete("ann", "u1")
    assert uploads.get("ann", "u1") is None
    assert uploads.owner_of("u1") is None
    assert uploads.list_uploads("ann", limit=10).items == []


def test_an_id_is_given_once(uploads: UploadStore) -> None:
    uploads.create(an_upload())
    with pytest.raises(ConflictError):
        uploads.create(an_upload(owner="bob"))
    assert uploads.owner_of("u1") == "ann"


def test_the_verdict_is_written_once(uploads: UploadStore) -> None:
    uploads.create(an_upload())
    uploads.settle(ready(an_upload()))
    rejected = replace(an_upload(), status=UploadStatus.REJECTED, reason="It is a PDF.")
    with pytest.raises(ConflictError):
        uploads.settle(rejected)
    assert uploads.get("ann", "u1") == ready(an_upload())


def test_what_is_not_there_cannot_be_settled(uploads: UploadStore) -> None:
    with pytest.raises(ConflictError):
        uploads.settle(ready(an_upload()))
    assert uploads.get("ann", "u1") is None
    assert uploads.owner_of("u1") is None


@pytest.mark.slow
def test_many_are_read_at_once(uploads: UploadStore) -> None:
    for number in range(120):
        uploads.create(an_upload(f"u{number}"))
    uploads.create(an_upload("b1", "bob"))
    wanted = [f"u{number}" for number in range(120)]
    found = uploads.get_many("ann", [*wanted, "u3", "b1", "nothing"])
    assert found == {id_: an_upload(id_) for id_ in wanted}
    assert uploads.get_many("ann", []) == {}


def test_the_newest_come_first_page_by_page(uploads: UploadStore) -> None:
    for number in range(7):
        uploads.create(an_upload(f"u{number}", after=number))
    seen, cursor = [], None
    while True:
        page = uploads.list_uploads("ann", limit=3, cursor=cursor)
        seen.append([upload.id for upload in page.items])
        cursor = page.cursor
        if cursor is None:
            break
    assert seen == [["u6", "u5", "u4"], ["u3", "u2", "u1"], ["u0"]]


@pytest.mark.slow
def test_list_filters_by_kind_and_readiness(uploads: UploadStore) -> None:
    for number in range(30):
        kind = UploadKind.CSV if number % 3 else UploadKind.PRODUCT
        upload = an_upload(f"u{number:02}", kind=kind, after=number)
        uploads.create(upload)
        if number % 2:
            uploads.settle(ready(upload))
    page = uploads.list_uploads("ann", limit=2, kind=UploadKind.PRODUCT, keep=lambda u: u.ready)
    assert [upload.id for upload in page.items] == ["u27", "u21"]
    rest = uploads.list_uploads(
        "ann", limit=9, cursor=page.cursor, kind=UploadKind.PRODUCT, keep=lambda u: u.ready
    )
    assert [upload.id for upload in rest.items] == ["u15", "u09", "u03"]
    assert rest.cursor is None


def test_a_cursor_of_another_list_is_refused(uploads: UploadStore) -> None:
    for number in range(3):
        uploads.create(an_upload(f"u{number}", after=number))
    cursor = uploads.list_uploads("ann", limit=1).cursor
    for owner, text in [("bob", cursor), ("ann", "nonsense")]:
        with pytest.raises(InvalidRequestError):
            uploads.list_uploads(owner, limit=1, cursor=text)


# --- DynamoDB alone -------------------------------------------------------------------------------


def test_only_what_is_ready_is_kept_for_ever(dynamodb: Any) -> None:
    uploads = DynamoDBUploadStore(dynamodb, TABLE, sleep=no_sleep)
    uploads.create(an_upload())
    assert len(ttls(dynamodb)) == 2
    uploads.settle(ready(an_upload()))
    assert ttls(dynamodb) == []


def ttls(dynamodb: Any) -> list[str]:
    return [item["ttl"]["N"] for item in dynamodb.scan(TableName=TABLE)["Items"] if "ttl" in item]
