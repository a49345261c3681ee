"""An object made of parts in S3: carried on after a kill, and seen whole or not at all."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from imagebatch.adapters.aws import error_code, translate_errors
from imagebatch.adapters.s3_absence import is_absent
from imagebatch.domain.errors import UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

PART_SIZE = 8 * 1024 * 1024
"""Of every part but the last; S3 asks for 5 MiB. Each request costs time of its own."""
TARGET_PART_COUNT = 9_500
"""Of the 10,000 that S3 allows."""
CONTENT_TYPE = "application/zip"
FINGERPRINT = "layout"


@contextlib.contextmanager
def storing() -> Iterator[None]:
    """UnavailableError where the same build may work later; a refusal of S3 stays a ClientError."""
    try:
        with translate_errors("object store"):
            yield
    except ClientError as error:
        if error_code(error) != "NoSuchUpload":
            raise
        raise UnavailableError("the upload of the archive was ended by another build") from error


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes `start` to `end` of the object."""

    number: int
    start: int
    end: int

    @property
    def size(self) -> int:
        return self.end - self.start


def split(tail: int, size: int) -> tuple[Part, ...]:
    """Cuts an object of `size` bytes; what begins at `tail` is a part of its own, the last.

    A single part when what is before the tail is too little for one.
    """
    if tail < PART_SIZE:
        return (Part(1, 0, size),)
    length = max(PART_SIZE, -(-tail // TARGET_PART_COUNT))
    count = tail // length
    cuts = [i * length for i in range(count)] + [tail, size]
    return tuple(Part(i + 1, cuts[i], cuts[i + 1]) for i in range(count + 1))


class Upload(Protocol):
    """Where the parts go; `done` are the numbers of those that are there already."""

    @property
    def done(self) -> frozenset[int]: ...

    def put(self, part: Part, body: bytearray) -> None: ...

    def complete(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Target:
    """The object to make; `fingerprint` tells one content from another before there is any."""

    client: "S3Client"
    bucket: str
    key: str
    fingerprint: str = ""

    @property
    def metadata(self) -> Mapping[str, str]:
        return {FINGERPRINT: self.fingerprint}

    def exists(self, size: int) -> bool:
        """Whether this very object is there and complete."""
        with storing():
            try:
                head = self.client.head_object(Bucket=self.bucket, Key=self.key)
            except ClientError as error:
                if not is_absent(self.client, self.bucket, self.key, error):
                    raise
                return False
        return head["ContentLength"] == size and head["Metadata"] == self.metadata

    def begin(self) -> tuple[str, bool]:
        """A new upload's id, and whether S3 may have made more than the one it tells us of."""
        with storing():
            answer = self.client.create_multipart_upload(
                Bucket=self.bucket,
                Key=self.key,
                ContentType=CONTENT_TYPE,
                Metadata=self.metadata,
            )
        return answer["UploadId"], answer["ResponseMetadata"]["RetryAttempts"] > 0

    def unfinished(self) -> list[str]:
        """The ids of the unfinished uploads of exactly this key."""
        pages = self.client.get_paginator("list_multipart_uploads").paginate(
            Bucket=self.bucket, Prefix=self.key
        )
        with storing():
            return [
                upload["UploadId"]
                for page in pages
                for upload in page.get("Uploads", [])
                if upload["Key"] == self.key
            ]

    def etags(self, upload_id: str, parts: Sequence[Part]) -> dict[int, str]:
        """What an upload has of these parts, in their full sizes."""
        sizes = {part.number: part.size for part in parts}
        pages = self.client.get_paginator("list_parts").paginate(
            Bucket=self.bucket, Key=self.key, UploadId=upload_id
        )
        with storing():
            return {
                listed["PartNumber"]: listed["ETag"]
                for page in pages
                for listed in page.get("Parts", [])
                if sizes.get(listed["PartNumber"]) == listed["Size"]
            }

    def abort(self, upload_id: str) -> None:
        """Best effort: what cannot be removed now is removed by the bucket's lifecycle rule."""
        with contextlib.suppress(ClientError, BotoCoreError):
            self.client.abort_multipart_upload(Bucket=self.bucket, Key=self.key, UploadId=upload_id)

    def discard(self) -> None:
        """Aborts every upload of the key, as far as that can be done now."""
        with contextlib.suppress(ClientError, UnavailableError):
            for upload_id in self.unfinished():
                self.abort(upload_id)


class SinglePut:
    """An object small enough for one request."""

    done: frozenset[int] = frozenset()

    def __init__(self, target: Target) -> None:
        self._target = target

    def put(self, part: Part, body: bytearray) -> None:  # noqa: ARG002
        target = self._target
        with storing():
            target.client.put_object(
                Bucket=target.bucket,
                Key=target.key,
                Body=body,  # type: ignore[arg-type]
                ContentType=CONTENT_TYPE,
                Metadata=target.metadata,
            )

    def complete(self) -> None:
        """It was complete when it was put."""


class MultipartUpload:
    def __init__(
        self,
        target: Target,
        upload_id: str,
        size: int,
        etags: Mapping[int, str] | None = None,
        *,
        may_have_duplicates: bool = False,
    ) -> None:
        self._target = target
        self._id = upload_id
        self._size = size
        self._etags = dict(etags or {})
        self._may_have_duplicates = may_have_duplicates
        self.done = frozenset(self._etags)

    def put(self, part: Part, body: bytearray) -> None:
        target = self._target
        with storing():
            answer = target.client.upload_part(
                Bucket=target.bucket,
                Key=target.key,
                UploadId=self._id,
                PartNumber=part.number,
                Body=body,  # type: ignore[arg-type]
            )
        self._etags[part.number] = answer["ETag"]

    def complete(self) -> None:
        target = self._target
        parts: list[CompletedPartTypeDef] = [
            {"PartNumber": n, "ETag": etag} for n, etag in sorted(self._etags.items())
        ]
        try:
            with storing():
                target.client.complete_multipart_upload(
                    Bucket=target.bucket,
                    Key=target.key,
                    UploadId=self._id,
                    MultipartUpload={"Parts": parts},
                )
        except UnavailableError:
            # A lost answer is asked for again, and by then the upload is gone and the object there.
            if not target.exists(self._size):
                raise
        if self._may_have_duplicates:
            target.discard()


def open_upload(target: Target, parts: Sequence[Part], tail_md5: str) -> MultipartUpload | None:
    """Begins the upload, or finds the one that a killed build left; None when the object is there.

    The last part is the object's tail, which tells the content of all others: an upload that has
    it is ours, and its parts of the right size are as they must be. Any other upload of the key is
    aborted. What is asked is asked at once: nearly always this is the first build and a round trip
    is all it costs.
    """
    size = parts[-1].end
    with ThreadPoolExecutor(3) as pool, contextlib.ExitStack() as abort_on_exit:
        there = pool.submit(target.exists, size)
        left = pool.submit(target.unfinished)
        begun, may_have_duplicates = pool.submit(target.begin).result()
        abort_on_exit.callback(target.abort, begun)
        if there.result():
            target.discard()
            return None
        for upload_id in set(left.result()) - {begun}:
            etags = target.etags(upload_id, parts)
            if etags.get(parts[-1].number, "").strip('"') == tail_md5:
                return MultipartUpload(
                    target, upload_id, size, etags, may_have_duplicates=may_have_duplicates
                )
            target.abort(upload_id)
        abort_on_exit.pop_all()
        return MultipartUpload(target, begun, size, may_have_duplicates=may_have_duplicates)
