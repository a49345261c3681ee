"""An item's specification as it is stored: its texts are compressed where they are long.

A write is billed by the KB. A car's prompt has up to 1,000 characters, and the provider's input has
it again; compressed, a usual specification fits into one KB. What is read is what was accepted: it
is derived from nothing else.
"""

import json
import zlib
from typing import Any

from imagebatch.adapters import codec
from imagebatch.adapters.batch_attributes import ITEM_SPEC, PACKED_TEXTS
from imagebatch.adapters.dynamodb.table import Record
from imagebatch.domain.errors import UnreadableRecordError
from imagebatch.domain.item import Item

_TEXTS = tuple(ITEM_SPEC[field] for field in ("prompt", "input", "images", "settings"))
_MAX_PLAIN_BYTES = 400
"""Shorter texts stay readable in the table: they leave room for the longest owner and names."""


def encode_spec(item: Item) -> Record:
    spec = codec.encode(item, ITEM_SPEC)
    texts = {name: spec[name] for name in _TEXTS if name in spec}
    text = json.dumps(texts, ensure_ascii=False, separators=(",", ":"))
    plain = text.encode(errors="surrogatepass")
    if len(plain) <= _MAX_PLAIN_BYTES:
        return spec
    others = {name: value for name, value in spec.items() if name not in texts}
    return others | {PACKED_TEXTS: zlib.compress(plain)}


def unpack_spec(spec: Record) -> Record:
    """UnreadableRecordError for texts that were not compressed by `encode_spec`."""
    if PACKED_TEXTS not in spec:
        return spec
    try:
        texts: dict[str, Any] = json.loads(zlib.decompress(bytes(spec[PACKED_TEXTS])))
        return spec | texts
    except (zlib.error, *codec.MALFORMED) as error:
        raise UnreadableRecordError(
            f"the texts of an item cannot be read: {type(error).__name__}: {error}"
        ) from error
