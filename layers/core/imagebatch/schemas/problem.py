"""RFC 9457 problem documents for every error, over HTTP and in the outbox."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from imagebatch.domain.errors import MAX_DETAILS, RequestError

TYPE_BASE = "https://imagebatch.dev/problems/"
"""Each kind is a heading of docs/problems.md."""
MAX_DETAILS_BYTES = 4_000_000
"""The size of `details` as JSON. Lambda allows 6 MB, and a larger error would become a 500."""


def problem(error: RequestError, status: int) -> dict[str, Any]:
    document: dict[str, Any] = {
        "type": TYPE_BASE + error.kind,
        "title": error.title,
        "status": status,
        "detail": error.detail,
        "error": error.error,
    }
    if error.details:
        document["details"] = list(_fitting(error.details[:MAX_DETAILS]))
        document["detailsTotal"] = len(error.details)
    return document


def _fitting(details: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    size = 0
    for each in details:
        size += len(json.dumps(each))
        if size > MAX_DETAILS_BYTES:
            return
        yield each
