"""Requires at least 5 MiB for every part of a multipart upload but the last, uploaded or copied.

S3 rejects the completion of an upload with a shorter part. The emulator accepts it.
"""

import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

MIN_PART_BYTES = 5 * 1024 * 1024
MESSAGE = "Your proposed upload is smaller than the minimum allowed size"


def install() -> None:
    from ministack.services import s3

    s3._complete_multipart_upload = _strict(s3)


def has_short_part(sizes: Mapping[int, int], listed: bytes) -> bool:
    """Whether a part in a completion, other than the last, is too short."""
    numbers = sorted(int(number) for number in re.findall(rb"<PartNumber>(\d+)<", listed))
    return any(sizes.get(number, MIN_PART_BYTES) < MIN_PART_BYTES for number in numbers[:-1])


def _strict(s3: Any) -> Callable[..., Any]:
    complete = s3._complete_multipart_upload

    @wraps(complete)
    def strict(bucket: str, key: str, body: bytes, query: Mapping[str, Any], *more: Any) -> Any:
        upload = s3._multipart_uploads.get(s3._qp(query, "uploadId"), {"parts": {}})
        sizes = {number: part["size"] for number, part in upload["parts"].items()}
        if has_short_part(sizes, body):
            return s3._error("EntityTooSmall", MESSAGE, 400, f"/{bucket}/{key}")
        return complete(bucket, key, body, query, *more)

    return strict
