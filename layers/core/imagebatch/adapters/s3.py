"""Objects in the one bucket."""

import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Any
from unicodedata import normalize
from urllib.parse import quote, unquote, urlsplit

from botocore.exceptions import ClientError

from imagebatch.adapters.aws import error_code, translate_errors
from imagebatch.adapters.s3_absence import is_absent
from imagebatch.domain.errors import UnavailableError
from imagebatch.formats import crc32
from imagebatch.ports.objects import ObjectStore, PostForm, StoredObject

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DELETES_AT_ONCE = 8
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9 ._()-]")


class S3ObjectStore(ObjectStore):
    """`ports.ObjectStore`. An `etag` is stored as S3 returns it, including quotes, for
    `If-Match`.
    """

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(
        self,
        key: str,
        body: bytes,
        content_type: str,
        *,
        metadata: Mapping[str, str] | None = None,
    ) -> StoredObject:
        kept = dict(metadata or {})
        with translate_errors("bucket"):
            answer = self._client.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=body,
                ContentType=content_type,
                Metadata=kept,
                ChecksumAlgorithm="CRC32",
                ChecksumCRC32=crc32.in_base64(zlib.crc32(body)),
            )
        return StoredObject(key, len(body), answer["ETag"], content_type, kept)

    def put_if_absent(self, key: str, body: bytes, content_type: str) -> bool:
        with translate_errors("bucket"):
            try:
                self._client.put_object(
                    Bucket=self._bucket,
                    Key=key,
                    Body=body,
                    ContentType=content_type,
                    ChecksumAlgorithm="CRC32",
                    ChecksumCRC32=crc32.in_base64(zlib.crc32(body)),
                    IfNoneMatch="*",
                )
            except ClientError as error:
                if error_code(error) != "PreconditionFailed":
                    raise
                return False
        return True

    def get(self, key: str) -> bytes | None:
        with translate_errors("bucket"):
            try:
                return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
            except ClientError as error:
                if not is_absent(self._client, self._bucket, key, error):
                    raise
                return None

    def head(self, key: str) -> StoredObject | None:
        with translate_errors("bucket"):
            try:
                found = self._client.head_object(Bucket=self._bucket, Key=key)
            except ClientError as error:
                if not is_absent(self._client, self._bucket, key, error):
                    raise
                return None
        size, etag = found["ContentLength"], found["ETag"]
        return StoredObject(key, size, etag, found.get("ContentType", ""), found["Metadata"])

    def copy(self, source: str, target: str) -> None:
        """Within the bucket, of any size; a multipart copy keeps the type and the metadata, too."""
        found = self.head(source)
        if found is None:
            raise FileNotFoundError(source)
        with translate_errors("bucket"):
            self._client.copy(
                {"Bucket": self._bucket, "Key": source},
                self._bucket,
                target,
                ExtraArgs={
                    "ContentType": found.content_type,
                    "Metadata": dict(found.metadata),
                    "MetadataDirective": "REPLACE",
                },
            )

    def delete(self, key: str) -> None:
        with translate_errors("bucket"):
            self._client.delete_object(Bucket=self._bucket, Key=key)

    def delete_folder(self, prefix: str, keep_going: Callable[[], bool] = lambda: True) -> bool:
        """A listing's page is a thousand keys, and so is the limit of one delete call."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        with translate_errors("bucket"), ThreadPoolExecutor(DELETES_AT_ONCE) as pool:
            calls = []
            for page in pages:
                if not keep_going():
                    return False
                keys = [each["Key"] for each in page.get("Contents", ())]
                calls.append(pool.submit(self._delete_keys, keys))
            for call in calls:
                call.result()
        return True

    def delete_files(self, folder: str) -> None:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=folder, Delimiter="/"
        )
        with translate_errors("bucket"):
            for page in pages:
                self._delete_keys([each["Key"] for each in page.get("Contents", ())])

    def _delete_keys(self, keys: Sequence[str]) -> None:
        if keys:
            wanted: Any = {"Objects": [{"Key": key} for key in keys], "Quiet": True}
            answer = self._client.delete_objects(Bucket=self._bucket, Delete=wanted)
            if refused := answer.get("Errors"):
                raise UnavailableError(f"the bucket kept {len(refused)} of {len(keys)} objects")

    def url(self, key: str, *, seconds: int, filename: str | None = None) -> str:
        params: dict[str, Any] = {"Bucket": self._bucket, "Key": key}
        if filename is not None:
            params["ResponseContentDisposition"] = content_disposition(filename)
        return self._client.generate_presigned_url("get_object", Params=params, ExpiresIn=seconds)

    def key_of(self, url: str) -> str | None:
        try:
            parts = urlsplit(url)
        except ValueError:
            return None
        scheme, host, path = self._address
        if (parts.scheme, parts.netloc.lower()) != (scheme, host):
            return None
        return unquote(parts.path).removeprefix(path) if parts.path.startswith(path) else None

    @cached_property
    def _address(self) -> tuple[str, str, str]:
        """Scheme, host and path in front of a key, as the SDK writes them for this bucket."""
        parts = urlsplit(self.url("k", seconds=1))
        return parts.scheme, parts.netloc.lower(), parts.path[: -len("k")]

    def post_form(self, key: str, *, content_type: str, largest: int, seconds: int) -> PostForm:
        made = self._client.generate_presigned_post(
            self._bucket,
            key,
            Fields={"Content-Type": content_type},
            Conditions=[{"Content-Type": content_type}, ["content-length-range", 1, largest]],
            ExpiresIn=seconds,
        )
        return PostForm(made["url"], made["fields"])


def content_disposition(filename: str) -> str:
    """Both forms of RFC 6266: the plain name for old clients, the exact one for others."""
    plain = _NOT_PLAIN.sub("_", normalize("NFKD", filename).encode("ascii", "ignore").decode())
    encoded = quote(filename, safe="", errors="replace")
    return f"attachment; filename=\"{plain or 'download'}\"; filename*=UTF-8''{encoded}"
