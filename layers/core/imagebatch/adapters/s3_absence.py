"""Telling an object that is not there from one that may not be read.

S3 answers 404 for a missing object only to who may list the whole bucket, which no function may: a
request for one object carries no prefix that a policy could ask for. So 403 means either, and the
object's own prefix, which may be listed, says which.
"""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from imagebatch.adapters.aws import error_code

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})
_FORBIDDEN = frozenset({"403", "AccessDenied", "Forbidden"})


def is_absent(client: "S3Client", bucket: str, key: str, error: ClientError) -> bool:
    """Whether a request for the object failed because it is not there."""
    code = error_code(error)
    if code not in _FORBIDDEN:
        return code in _MISSING
    found = client.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)
    return all(entry.get("Key") != key for entry in found.get("Contents", ()))
