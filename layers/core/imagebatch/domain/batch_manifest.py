"""A batch's input as accepted: created by the intake, stored once, read by later steps."""

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from imagebatch.domain.errors import Failure, FailureCode
from imagebatch.domain.item import ItemSpec
from imagebatch.domain.model_registry import Quality
from imagebatch.domain.notice import Notice, NoticeLevel, warning_texts
from imagebatch.domain.statuses import Kind
from imagebatch.structs import Struct, replace


class RowProblem(Struct, frozen=True):
    """An invalid value in a row of a sheet, and the suggested value."""

    row: int
    column: str
    value: str
    message: str
    suggestion: str | None = None


@dataclass(frozen=True, slots=True)
class BatchManifest:
    """`header` and `delimiter` are the sheet's, as submitted.

    `read_as` (the meaning of each header column) and `problems` (by row) exist only in a new
    manifest: they are shown, not stored.
    """

    kind: Kind
    header: tuple[str, ...]
    items: tuple[ItemSpec, ...]
    notices: tuple[Notice, ...] = ()
    delimiter: str = ","
    read_as: tuple[str | None, ...] = field(default=(), compare=False)
    problems: Mapping[int, tuple[RowProblem, ...]] = field(default_factory=dict, compare=False)

    def with_notice(self, notice: Notice) -> "BatchManifest":
        return replace(self, notices=(*self.notices, notice))

    @property
    def warnings(self) -> tuple[str, ...]:
        return warning_texts(self.notices)


ITEM_ATTRIBUTES: Mapping[str, str] = {
    "index": "index",
    "custom_id": "customId",
    "row": "row",
    "prompt": "prompt",
    "stem": "stem",
    "price": "price",
    "input": "input",
    "aspect_ratio": "aspectRatio",
    "cells": "cells",
    "failure": "failure",
    "images": "images",
    "quality": "quality",
    "archive_dir": "archiveDir",
    "variant_id": "variant",
    "settings": "settings",
    "fate": "fate",
}
"""The names of an item's fields in a stored manifest. Names may be added but never changed:
tests/domain/stored_manifest.jsonl must stay readable."""
NOTICE_ATTRIBUTES: Mapping[str, str] = {
    "code": "code",
    "message": "message",
    "level": "level",
    "row": "row",
    "column": "column",
}


COMPRESSION = 6
"""Level 9 takes three times as long for a few per cent."""
_JSON = json.JSONEncoder(ensure_ascii=False)


def encode_manifest(plan: BatchManifest) -> bytes:
    """Encode as gzipped JSON lines, one for the manifest and one per item; equal manifests give
    equal bytes.
    """
    head = {
        "kind": plan.kind.value,
        "header": plan.header,
        "notices": [_named(notice, NOTICE_ATTRIBUTES) for notice in plan.notices],
        "delimiter": plan.delimiter,
    }
    lines = [head, *(_item_to_json(item) for item in plan.items)]
    text = "\n".join(map(_JSON.encode, lines))
    return gzip.compress(text.encode(), COMPRESSION, mtime=0)


def decode_manifest(body: bytes) -> BatchManifest:
    # Not splitlines(), because JSON does not escape U+2028 and similar characters.
    head, *items = (json.loads(line) for line in gzip.decompress(body).decode().split("\n"))
    return BatchManifest(
        kind=Kind(head["kind"]),
        header=tuple(head["header"]),
        items=tuple(_item_from_json(item) for item in items),
        notices=tuple(_notice_from_json(each) for each in head.get("notices", ())),
        delimiter=head["delimiter"],
    )


def _named(record: object, attributes: Mapping[str, str]) -> dict[str, Any]:
    return {attribute: getattr(record, name) for name, attribute in attributes.items()}


def _fields_of(stored: Mapping[str, Any], attributes: Mapping[str, str]) -> dict[str, Any]:
    return {name: stored[each] for name, each in attributes.items() if each in stored}


def _notice_from_json(stored: Mapping[str, Any]) -> Notice:
    values = _fields_of(stored, NOTICE_ATTRIBUTES)
    return Notice(**{**values, "level": NoticeLevel(values["level"])})


def _item_to_json(item: ItemSpec) -> dict[str, Any]:
    failure = item.failure
    return {
        **_named(item, ITEM_ATTRIBUTES),
        "price": str(item.price),
        "failure": {"code": failure.code, "reason": failure.reason} if failure else None,
    }


def _item_from_json(stored: Mapping[str, Any]) -> ItemSpec:
    values = _fields_of(stored, ITEM_ATTRIBUTES)
    failure = values["failure"]
    values |= {
        "price": Decimal(values["price"]),
        "cells": tuple(values["cells"]),
        "images": tuple(values["images"]),
        "quality": Quality(values["quality"]),
        "failure": Failure(FailureCode(failure["code"]), failure["reason"]) if failure else None,
    }
    return ItemSpec(**values)
