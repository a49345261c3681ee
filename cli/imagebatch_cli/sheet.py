"""A sheet to submit, and its options."""

import json
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Document: TypeAlias = dict[str, Any]

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_ZIP = b"PK\x03\x04"


@dataclass(frozen=True)
class Sheet:
    name: str
    body: bytes

    @property
    def content_type(self) -> str:
        return XLSX if self.body.startswith(_ZIP) else CSV


@dataclass(frozen=True)
class Options:
    """The options of a submit; omitted ones are not sent.

    With a template or a prompt the sheet may have any columns; otherwise it is a sheet of cars.
    """

    name: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    model: str | None = None
    fallback: list[str] = field(default_factory=list)
    quality: str | None = None
    quote: str | None = None
    max_cost: str | None = None
    callback_url: str | None = None
    template: str | None = None
    prompt: str | None = None
    sheet: str | None = None
    encoding: str | None = None
    dry_run: bool = False
    skip_invalid: bool = False
    ignore_unknown: bool = False
    rehearse: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        any_columns = self.template is not None or self.prompt is not None
        return "/api/sheet-batch" if any_columns else "/api/car-batch"

    def fields(self) -> Document:
        """Return the options as JSON fields."""
        given: Document = {
            "name": self.name,
            "metadata": self.metadata or None,
            "model": self.model,
            "fallback": self.fallback or None,
            "quality": self.quality,
            "quoteId": self.quote,
            "maxCost": self.max_cost,
            "callbackUrl": self.callback_url,
            "template": self.template,
            "prompt": self.prompt,
            "sheet": self.sheet,
            "encoding": self.encoding,
            "dryRun": self.dry_run or None,
            "invalidRows": "skip" if self.skip_invalid else None,
            "rehearse": self.rehearse or None,
            "unknownColumns": "ignore" if self.ignore_unknown else None,
        }
        return {key: value for key, value in given.items() if value is not None}


def as_form(fields: Document) -> dict[str, str]:
    """Convert JSON fields to form fields, which are all text."""
    return {key: _as_text(value) for key, value in fields.items()}


def _as_text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
