"""A batch's input as it was accepted: made by the intake, stored once, read by what follows."""

import gzip
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from decimal import Decimal
from typing import Any

from imagebatch.domain.batch import Item, ItemStatus, Kind
from imagebatch.domain.errors import Failure, FailureCode
from imagebatch.domain.model_registry import Quality
from imagebatch.domain.notice import Notice, NoticeLevel, warning_texts


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemSpec:
    """One image to make. `failure` is set when the intake refused the row; then it costs nothing.

    `cells` is the row as submitted, empty where the batch did not come from a sheet. `input` is
    what the provider is sent but for `images`, `settings` what the client gave in its own words.
    """

    index: int
    custom_id: str
    row: int | None
    prompt: str
    stem: str
    price: Decimal
    input: Mapping[str, Any] = field(default_factory=dict)
    aspect_ratio: str | None = None
    cells: tuple[str, ...] = ()
    failure: Failure | None = None
    images: tuple[str, ...] = ()
    quality: Quality = Quality.STANDARD
    folder: str = ""
    group: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)

    def to_item(self) -> Item:
        return Item(
            index=self.index,
            custom_id=self.custom_id,
            row=self.row,
            prompt=self.prompt,
            stem=self.stem,
            price=self.price,
            input=self.input,
            aspect_ratio=self.aspect_ratio,
            images=self.images,
            quality=self.quality,
            folder=self.folder,
            group=self.group,
            settings=self.settings,
            status=ItemStatus.FAILED if self.failure else ItemStatus.PENDING,
            failure=self.failure,
        )


@dataclass(frozen=True, slots=True)
class BatchManifest:
    """`header` and `delimiter` are the sheet's, as submitted."""

    kind: Kind
    header: tuple[str, ...]
    items: tuple[ItemSpec, ...]
    notices: tuple[Notice, ...] = ()
    delimiter: str = ","

    def with_notice(self, notice: Notice) -> "BatchManifest":
        return replace(self, notices=(*self.notices, notice))

    @property
    def warnings(self) -> tuple[str, ...]:
        return warning_texts(self.notices)


def encode_manifest(plan: BatchManifest) -> bytes:
    """Gzipped JSON lines, the plan's own and one an item; equal plans give equal bytes."""
    head = {
        "kind": plan.kind.value,
        "header": plan.header,
        "notices": [asdict(notice) for notice in plan.notices],
        "delimiter": plan.delimiter,
    }
    lines = [head, *(_item_to_json(item) for item in plan.items)]
    text = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    return gzip.compress(text.encode(), mtime=0)


def decode_manifest(body: bytes) -> BatchManifest:
    # Not splitlines(): JSON leaves U+2028 and its like as they are.
    head, *items = (json.loads(line) for line in gzip.decompress(body).decode().split("\n"))
    return BatchManifest(
        kind=Kind(head["kind"]),
        header=tuple(head["header"]),
        items=tuple(_item_from_json(item) for item in items),
        notices=tuple(_notice_from_json(each) for each in head.get("notices", ())),
        delimiter=head["delimiter"],
    )


def _notice_from_json(values: dict[str, Any]) -> Notice:
    return Notice(**{**values, "level": NoticeLevel(values["level"])})


def _item_to_json(item: ItemSpec) -> dict[str, Any]:
    values = {f.name: getattr(item, f.name) for f in fields(item)}
    failure = item.failure
    return {
        **values,
        "price": str(item.price),
        "failure": {"code": failure.code, "reason": failure.reason} if failure else None,
    }


def _item_from_json(values: dict[str, Any]) -> ItemSpec:
    known = {f.name for f in fields(ItemSpec)}
    failure = values["failure"]
    return ItemSpec(
        **{
            **{name: value for name, value in values.items() if name in known},
            "price": Decimal(values["price"]),
            "cells": tuple(values["cells"]),
            "images": tuple(values["images"]),
            "quality": Quality(values["quality"]),
            "failure": Failure(FailureCode(failure["code"]), failure["reason"])
            if failure
            else None,
        }
    )
