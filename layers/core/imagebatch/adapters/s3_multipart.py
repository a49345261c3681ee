"""An object made of parts in S3, seen whole or not at all."""

import contextlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from imagebatch.adapters.archive_parts import Part
from imagebatch.adapters.aws import error_code, translate_errors
from imagebatch.adapters.s3_absence import is_absent
from imagebatch.domain.errors import UnavailableError
from imagebatch.ports.archive import StoredMember
from imagebatch.structs import Struct

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

CONTENT_TYPE = "application/zip"
FINGERPRINT = "layout"


@contextlib.contextmanager
def storing() -> Iterator[None]:
    """UnavailableError if the same build may succeed later; a rejection by S3 stays a
    ClientError.
    """
    try:
        with translate_errors("object store"):
            yield
    except ClientError as error:
        if error_code(error) != "NoSuchUpload":
            raise
        raise UnavailableError("the upload of the archive was ended by another build") from error


class Upload(Protocol):
    """Where the parts go."""

    def put(self, part: Part, body: bytearray) -> None: ...

    def copy(self, part: Part, member: StoredMember) -> None: ...

    def complete(self) -> None: ...


class Target(Struct, frozen=True):
    """The object to create; `fingerprint` identifies its content before there is any."""

    client: "S3Client"
    bucket: str
    key: str
    fingerprint: str = ""

    @property
    def metadata(self) -> Mapping[str, str]:
        return {FINGERPRINT: self.fingerprint}

    def exists(self, size: int) -> bool:
        """Whether this exact object exists and is complete."""
        with storing():
            try:
                head = self.client.head_object(Bucket=self.bucket, Key=self.key)
            except ClientError as error:
                if not is_absent(self.client, self.bucket, self.key, error):
                    raise
                return False
        return head["ContentLength"] == size and head["Metadata"] == self.metadata

    def begin(self) -> tuple[str, bool]:
        """Return a new upload's ID, and whether S3 may have created more than that one."""
        with storing():
            answer = self.client.create_multipart_upload(
                Bucket=self.bucket,
                Key=self.key,
                ContentType=CONTENT_TYPE,
                Metadata=self.metadata,
            )
        return answer["UploadId"], answer["ResponseMetadata"]["RetryAttempts"] > 0

    def unfinished(self) -> list[str]:
        """Return the IDs of the unfinished uploads of exactly this key."""
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

    def abort(self, upload_id: str) -> None:
        """Best effort: the bucket's lifecycle rule removes the rest."""
        with contextlib.suppress(ClientError, BotoCoreError):
            self.client.abort_multipart_upload(Bucket=self.bucket, Key=self.key, UploadId=upload_id)

    def discard(self) -> None:
        """Abort all uploads of the key that can be aborted now."""
        with contextlib.suppress(ClientError, UnavailableError):
            for upload_id in self.unfinished():
                self.abort(upload_id)


class SinglePut:
    """An object small enough for one request."""

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

    def copy(self, part: Part, member: StoredMember) -> None:
        raise NotImplementedError("what is put in one request is too small to be copied")

    def complete(self) -> None:
        """It was complete when it was put."""


class MultipartUpload:
    """`may_have_duplicates` is set if S3 may have started other uploads whose IDs were lost."""

    def __init__(
        self, target: Target, upload_id: str, size: int, *, may_have_duplicates: bool
    ) -> None:
        self._target = target
        self._id = upload_id
        self._size = size
        self._etags: dict[int, str] = {}
        self._may_have_duplicates = may_have_duplicates

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

    def copy(self, part: Part, member: StoredMember) -> None:
        """By S3 itself, and only from the object that was recorded."""
        target = self._target
        with storing():
            answer = target.client.upload_part_copy(
                Bucket=target.bucket,
                Key=target.key,
                UploadId=self._id,
                PartNumber=part.number,
                CopySource={"Bucket": target.bucket, "Key": member.key},
                CopySourceIfMatch=member.etag,
                CopySourceRange=f"bytes={part.first}-{part.first + part.size - 1}",
            )
        self._etags[part.number] = answer["CopyPartResult"]["ETag"]

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
            # A retry after a lost response finds the upload gone and the object in place.
            if not target.exists(self._size):
                raise
        if self._may_have_duplicates:
            target.discard()


def begin_upload(target: Target, size: int) -> MultipartUpload | None:
    """Begin the upload of `size` bytes and abort the uploads of killed builds; None if the object
    exists.

    The requests run concurrently: nearly always this is the first build, and one round trip is all
    it costs.
    """
    with ThreadPoolExecutor(3) as pool, contextlib.ExitStack() as on_failure:
        there = pool.submit(target.exists, size)
        left = pool.submit(target.unfinished)
        begun, may_have_duplicates = pool.submit(target.begin).result()
        on_failure.callback(target.abort, begun)
        if there.result():
            target.discard()
            return None
        for leftover in set(left.result()) - {begun}:
            target.abort(leftover)
        on_failure.pop_all()
    return MultipartUpload(target, begun, size, may_have_duplicates=may_have_duplicates)
