import json
import re
import zlib
from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import Message
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from imagebatch.adapters.aws import Clients
from imagebatch.adapters.s3 import S3ObjectStore, content_disposition
from imagebatch.domain.errors import UnavailableError
from imagebatch.ports.objects import ObjectStore
from testing.aws import BUCKET, REGION
from testing.awsfaults import refuse
from testing.fakes import InMemoryObjectStore

KEYS = ["batches/b1/images/0", "outbox/Frühling 1+2.zip", "a//b", "inbox/%20&=?#.csv"]


@pytest.fixture
def s3(clients: Clients) -> Any:
    where: Any = {"LocationConstraint": REGION}
    clients.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
    return clients.s3


@pytest.fixture(params=["memory", "s3"])
def media(request: pytest.FixtureRequest) -> ObjectStore:
    if request.param == "memory":
        return InMemoryObjectStore()
    return S3ObjectStore(request.getfixturevalue("s3"), BUCKET)


@pytest.mark.parametrize("key", KEYS)
def test_an_object_is_read_as_it_was_put(media: ObjectStore, key: str) -> None:
    stored = media.put(key, b"bytes", "image/png", metadata={"crc32": "7"})
    assert (stored.key, stored.size, stored.content_type) == (key, 5, "image/png")
    assert stored.metadata == {"crc32": "7"}
    assert media.get(key) == b"bytes"
    assert media.head(key) == stored


def test_an_object_is_put_where_there_is_none(media: ObjectStore) -> None:
    assert media.put_if_absent("uploads/u1", b"first", "image/png")
    assert not media.put_if_absent("uploads/u1", b"second", "image/jpeg")
    assert media.get("uploads/u1") == b"first"
    found = media.head("uploads/u1")
    assert found is not None
    assert found.content_type == "image/png"


FORBIDDEN = [("get", "GetObject", "AccessDenied"), ("head", "HeadObject", "403")]


@pytest.mark.parametrize(("call", "operation", "code"), FORBIDDEN)
def test_a_forbidden_object_that_is_not_there_is_none(
    s3: Any, call: str, operation: str, code: str
) -> None:
    """As S3 answers whoever may not list the whole bucket."""
    media = S3ObjectStore(s3, BUCKET)
    media.put("batches/b1/images/0-longer", b"bytes", "image/png")
    refuse(s3, operation, code, status=403)

    assert getattr(media, call)("batches/b1/images/0") is None


@pytest.mark.parametrize(("call", "operation", "code"), FORBIDDEN)
def test_forbidden_object_is_not_treated_as_absent(
    s3: Any, call: str, operation: str, code: str
) -> None:
    media = S3ObjectStore(s3, BUCKET)
    media.put("batches/b1/images/0", b"bytes", "image/png")
    refuse(s3, operation, code, status=403)

    with pytest.raises(ClientError):
        getattr(media, call)("batches/b1/images/0")


def test_an_object_that_is_not_there_is_none(media: ObjectStore) -> None:
    assert media.get("nothing") is None
    assert media.head("nothing") is None


def test_other_bytes_have_another_etag(media: ObjectStore) -> None:
    first = media.put("k", b"one", "text/plain")
    second = media.put("k", b"two", "text/plain")
    assert first.etag
    assert first.etag != second.etag
    assert media.get("k") == b"two"


def test_an_empty_object_is_an_object(media: ObjectStore) -> None:
    media.put("k", b"", "text/plain")
    assert media.get("k") == b""


def test_a_copy_is_the_same_object_under_another_key(media: ObjectStore) -> None:
    source = media.put("a b/ü", b"zip", "application/zip", metadata={"name": "x"})
    media.copy("a b/ü", "outbox/b")
    copied = media.head("outbox/b")
    assert copied is not None
    assert (copied.size, copied.content_type) == (3, "application/zip")
    assert copied.metadata == {"name": "x"}
    assert media.get("outbox/b") == b"zip"
    assert media.head("a b/ü") == source


def test_what_is_not_there_cannot_be_copied(media: ObjectStore) -> None:
    with pytest.raises(FileNotFoundError):
        media.copy("nothing", "k")
    assert media.head("k") is None


def test_deleted_object_can_be_deleted_again(media: ObjectStore) -> None:
    media.put("k", b"x", "text/plain")
    media.delete("k")
    media.delete("k")
    assert media.get("k") is None


def test_a_url_is_for_one_object(media: ObjectStore) -> None:
    assert media.url("a b/ü", seconds=60) != media.url("c", seconds=60)
    assert urlsplit(media.url("a b/ü", seconds=60)).path.endswith("/a%20b/%C3%BC")


@pytest.mark.parametrize("key", ["library/b1/000001-ab", "uploads/ü é+%20#?.png"])
def test_a_url_of_ours_names_its_key_again(media: ObjectStore, key: str) -> None:
    assert media.key_of(media.url(key, seconds=60)) == key
    assert media.key_of(media.url(key, seconds=60, filename="a.png").partition("?")[0]) == key


@pytest.mark.parametrize(
    "url",
    ["https://example.com/library/a", "library/a", "", "https://[", "file:///library/a"],
)
def test_any_other_address_names_no_key(media: ObjectStore, url: str) -> None:
    assert media.key_of(url) is None


def test_a_form_is_for_one_key_and_type(media: ObjectStore) -> None:
    form = media.post_form("uploads/u1", content_type="image/png", largest=100, seconds=900)
    assert form.fields["key"] == "uploads/u1"
    assert form.fields["Content-Type"] == "image/png"


# --- S3 alone -------------------------------------------------------------------------------------


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


@pytest.mark.slow
@pytest.mark.parametrize("region", ["us-east-1", "us-west-2", "eu-central-1"])
def test_urls_are_signed_with_sigv4_for_the_bucket_region(clients: Clients, region: str) -> None:
    url = S3ObjectStore(Clients(region).s3, BUCKET).url("k", seconds=900)
    assert urlsplit(url).netloc == f"{BUCKET}.s3.{region}.amazonaws.com"
    query = query_of(url)
    assert query["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256"
    assert query["X-Amz-Expires"] == "900"
    datetime.strptime(query["X-Amz-Date"] + "+0000", "%Y%m%dT%H%M%SZ%z")
    assert f"/{region}/s3/" in query["X-Amz-Credential"]
    assert "response-content-disposition" not in query


@pytest.mark.slow
def test_a_local_endpoint_is_addressed_by_path(
    monkeypatch: pytest.MonkeyPatch, clients: Clients
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:45999")
    url = S3ObjectStore(Clients(REGION).s3, BUCKET).url("k", seconds=60)
    assert url.startswith(f"http://127.0.0.1:45999/{BUCKET}/k?")


@pytest.mark.slow
def test_url_of_another_bucket_or_scheme_is_foreign(
    monkeypatch: pytest.MonkeyPatch, clients: Clients
) -> None:
    media = S3ObjectStore(Clients(REGION).s3, BUCKET)
    url = media.url("k", seconds=60)
    assert media.key_of(url.replace(BUCKET, BUCKET + "-2", 1)) is None
    assert media.key_of(url.replace("https:", "http:", 1)) is None
    assert media.key_of(url.replace(BUCKET, BUCKET.upper(), 1)) == "k"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:45999")
    local = S3ObjectStore(Clients(REGION).s3, BUCKET)
    assert local.key_of(local.url("a/k", seconds=60)) == "a/k"
    assert local.key_of(f"http://127.0.0.1:45999/{BUCKET}-2/k") is None


@pytest.mark.parametrize(
    "name",
    ["cars.zip", "Frühling 2026.zip", "車.zip", 'a"b\\c.zip', "a\r\nSet-Cookie: x.zip", "100%.zip"],
)
def test_download_keeps_its_name_in_any_script(clients: Clients, name: str) -> None:
    url = S3ObjectStore(clients.s3, BUCKET).url("k", seconds=60, filename=name)
    header = query_of(url)["response-content-disposition"]
    assert header == content_disposition(name)
    assert re.fullmatch(r"[ -~]+", header)
    message = Message()
    message["Content-Disposition"] = header
    assert message.get_content_disposition() == "attachment"
    plain, encoded = re.fullmatch(
        r"attachment; filename=\"([\w .()-]+)\"; filename\*=UTF-8''(\S+)", header
    ).groups()  # type: ignore[union-attr]
    assert unquote(encoded) == name
    assert plain


@pytest.mark.parametrize(("code", "status"), [("SlowDown", 503), ("InternalError", 500)])
def test_a_bucket_that_does_not_answer_is_unavailable(s3: Any, code: str, status: int) -> None:
    media = S3ObjectStore(s3, BUCKET)
    calls: dict[str, Callable[[], object]] = {
        "PutObject": lambda: media.put("k", b"", "text/plain"),
        "GetObject": lambda: media.get("k"),
        "HeadObject": lambda: media.head("k"),
        "DeleteObject": lambda: media.delete("k"),
    }
    for operation, call in calls.items():
        fired = refuse(s3, operation, code, status=status)
        with pytest.raises(UnavailableError):
            call()
        assert fired.count == 1


@pytest.mark.slow
def test_large_object_is_copied_in_parts_with_type(
    s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over 5 GiB S3 copies in parts only, which by itself forgets the type and the metadata."""
    parts = TransferConfig(
        multipart_threshold=5 * 1024 * 1024, multipart_chunksize=5 * 1024 * 1024, use_threads=False
    )
    copy = type(s3).copy
    monkeypatch.setattr(type(s3), "copy", lambda *a, **k: copy(*a, **k, Config=parts))
    media = S3ObjectStore(s3, BUCKET)
    media.put("large", b"x" * (6 * 1024 * 1024), "application/zip", metadata={"name": "x"})
    media.copy("large", "copy")
    copied = media.head("copy")
    assert copied is not None
    assert copied.etag.endswith('-2"')
    assert (copied.size, copied.content_type) == (6 * 1024 * 1024, "application/zip")
    assert copied.metadata == {"name": "x"}


def test_a_forms_policy_holds_key_type_size_and_time(clients: Clients) -> None:
    media = S3ObjectStore(clients.s3, BUCKET)
    form = media.post_form("uploads/u1", content_type="image/png", largest=100, seconds=900)
    policy = json.loads(b64decode(form.fields["policy"]))
    assert {"bucket": BUCKET} in policy["conditions"]
    assert {"key": "uploads/u1"} in policy["conditions"]
    assert {"Content-Type": "image/png"} in policy["conditions"]
    assert ["content-length-range", 1, 100] in policy["conditions"]
    left = datetime.fromisoformat(policy["expiration"]) - datetime.now(UTC)  # noqa: TID251
    assert 890 < left.total_seconds() <= 900
    assert form.fields["x-amz-algorithm"] == "AWS4-HMAC-SHA256"


def test_an_object_keeps_the_crc_32_of_its_body(s3: Any) -> None:
    S3ObjectStore(s3, BUCKET).put("k", b"a picture", "image/png")
    head = s3.head_object(Bucket=BUCKET, Key="k", ChecksumMode="ENABLED")
    assert b64decode(head["ChecksumCRC32"]) == zlib.crc32(b"a picture").to_bytes(4)
