"""Reads stored objects piece by piece and verifies them against their records."""

import contextlib
import threading
import zlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from imagebatch.adapters.aws import attempts, error_code, translate_errors
from imagebatch.adapters.s3_absence import is_absent
from imagebatch.domain.errors import UnavailableError
from imagebatch.formats import crc32
from imagebatch.ports.archive import StoredMember

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CHUNK = 1024 * 1024
"""Fewer, larger reads: on a busy machine every one waits for the interpreter's lock."""
TRIES = 4
CHANGED = "the stored image does not match its record"
DAMAGED = "the stored image does not have the recorded checksum"
GONE = "the stored image is gone"
REASONS = {
    "412": CHANGED,
    "PreconditionFailed": CHANGED,
    "416": CHANGED,
    "InvalidRange": CHANGED,
}

type Targets = Sequence[memoryview]
"""Where the bytes go, in order."""


class BadMemberError(Exception):
    def __init__(self, member: StoredMember, reason: str) -> None:
        super().__init__(f"{member.name}: {reason}")
        self.member = member
        self.reason = reason


class StoppedError(Exception):
    """The build has failed elsewhere; these bytes are no longer needed."""


class SourceReader:
    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket
        self._stopped = threading.Event()

    def stop(self) -> None:
        self._stopped.set()

    def read(
        self,
        member: StoredMember,
        first: int,
        length: int,
        targets: Targets,
        *,
        checksum: bool = True,
    ) -> int:
        """Fill the targets with bytes `first` to `first + length`; return their CRC-32, or 0
        without `checksum`.

        An interrupted body is read again from its beginning. BadMemberError if the object does not
        match its record, UnavailableError if it is not available.
        """
        broken: Exception | None = None
        for _ in attempts(TRIES, first=0.2, sleep=self._pause):
            with contextlib.closing(self._open(member, first, length)) as body:
                try:
                    return self._copy(body, targets, checksum=checksum)
                except (BotoCoreError, HTTPError, OSError) as error:
                    broken = error
        raise UnavailableError(f"a stored image broke off {TRIES} times") from broken

    def check(self, member: StoredMember) -> None:
        """BadMemberError if S3's metadata shows that the object differs from its record."""
        with self.as_recorded(member):
            head = self._client.head_object(
                Bucket=self._bucket, Key=member.key, IfMatch=member.etag, ChecksumMode="ENABLED"
            )
        if head["ContentLength"] != member.size:
            raise BadMemberError(member, CHANGED)
        # S3 checked it when the worker stored the image. That of an object in parts is another one.
        whole = head.get("ChecksumType") != "COMPOSITE"
        if whole and head.get("ChecksumCRC32", "") not in {"", crc32.in_base64(member.crc32)}:
            raise BadMemberError(member, DAMAGED)

    def find_fault(self, member: StoredMember) -> str | None:
        try:
            self.check(member)
        except BadMemberError as bad:
            return bad.reason
        return None

    @contextlib.contextmanager
    def as_recorded(self, member: StoredMember) -> Iterator[None]:
        """BadMemberError if S3 rejects a request because the object differs from its record."""
        with translate_errors("object store"):
            try:
                yield
            except ClientError as error:
                if reason := self._reason(member, error):
                    raise BadMemberError(member, reason) from error
                raise

    def _open(self, member: StoredMember, first: int, length: int) -> Any:
        asked = {"Bucket": self._bucket, "Key": member.key, "IfMatch": member.etag}
        if length != member.size:
            asked["Range"] = f"bytes={first}-{first + length - 1}"
        with self.as_recorded(member):
            answer = self._client.get_object(**asked)  # type: ignore[arg-type]
        if answer["ContentLength"] != length:
            answer["Body"].close()
            raise BadMemberError(member, CHANGED)
        return answer["Body"]

    def _reason(self, member: StoredMember, error: ClientError) -> str | None:
        """Return why the object does not match its record; None for a failure of the store."""
        if is_absent(self._client, self._bucket, member.key, error):
            return GONE
        return REASONS.get(error_code(error))

    def _pause(self, seconds: float) -> None:
        if self._stopped.wait(seconds):
            raise StoppedError

    def _copy(self, body: Any, targets: Targets, *, checksum: bool) -> int:
        total = 0
        for view in targets:
            done = 0
            while done < len(view):
                if self._stopped.is_set():
                    raise StoppedError
                chunk = body.read(min(CHUNK, len(view) - done))
                if not chunk:
                    raise ConnectionError("the body ended early")
                if checksum:
                    total = zlib.crc32(chunk, total)
                view[done : done + len(chunk)] = chunk
                done += len(chunk)
        return total
