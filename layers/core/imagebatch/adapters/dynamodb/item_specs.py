"""Stores item specifications, with long texts compressed.

DynamoDB bills a write by KB. A car's prompt has up to 1,000 characters and is repeated in the
provider's input; compressed, most specifications need one KB. The texts are stored, not derived
from the sheet again: a later version of the code reads exactly what was accepted.
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
"""Up to this size, texts stay readable: with the longest owner and names, the record has one KB."""


def encode_spec(item: Item) -> Record:
    """Return the record; the attribute `PACKED_TEXTS` holds the texts as zlib-compressed JSON."""
    spec = codec.encode(item, ITEM_SPEC)
    texts = {name: spec[name] for name in _TEXTS if name in spec}
    text = json.dumps(texts, ensure_ascii=False, separators=(",", ":"))
    plain = text.encode(errors="surrogatepass")
    if len(plain) <= _MAX_PLAIN_BYTES:
        return spec
    others = {name: value for name, value in spec.items() if name not in texts}
    return others | {PACKED_TEXTS: zlib.compress(plain)}


def unpack_spec(spec: Record) -> Record:
    """Return the record with its texts as plain attributes. UnreadableRecordError."""
    if PACKED_TEXTS not in spec:
        return spec
    try:
        texts: dict[str, Any] = json.loads(zlib.decompress(bytes(spec[PACKED_TEXTS])))
        return spec | texts
    except (zlib.error, *codec.MALFORMED) as error:
        raise UnreadableRecordError(
            f"the texts of an item cannot be read: {type(error).__name__}: {error}"
        ) from error
