"""A stored record as text, for a search: with an item's compressed texts."""

import json
import zlib
from collections.abc import Mapping
from typing import Any

from imagebatch.adapters.batch_attributes import PACKED_TEXTS


def text_of(record: Mapping[str, Any]) -> str:
    """`record` is as DynamoDB's client returns it."""
    packed = record.get(PACKED_TEXTS)
    texts = zlib.decompress(packed["B"]).decode(errors="replace") if packed else ""
    return f"{json.dumps(record, default=str, ensure_ascii=False)}\n{texts}"
