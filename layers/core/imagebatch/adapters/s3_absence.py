"""Distinguishes a missing object from a forbidden one.

S3 returns 404 for a missing object only to callers who may list the whole bucket, which no function
may, because a request for one object carries no prefix that a policy could require. A 403 can
therefore mean either, and listing the object's own prefix, which is allowed, decides.
"""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from imagebatch.adapters.aws import error_code

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})
_FORBIDDEN = frozenset({"403", "AccessDenied", "Forbidden"})


def is_absent(client: "S3Client", bucket: str, key: str, error: ClientError) -> bool:
    """Whether a request for the object failed because it does not exist."""
    code = error_code(error)
    if code not in _FORBIDDEN:
        return code in _MISSING
    found = client.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)
    return all(entry.get("Key") != key for entry in found.get("Contents", ()))
