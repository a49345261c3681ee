"""Tools for assistants over the Model Context Protocol: API calls, and files below one folder.

The service enforces spending: each submit carries a quote or a maximum cost.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imagebatch_cli.api import Api
from imagebatch_cli.download import Target, download
from imagebatch_cli.errors import InvalidInputError
from imagebatch_cli.flows import NAME_LENGTH, default_name, read_file
from imagebatch_cli.sheet import Document, Options, Sheet

CAPABILITIES = ("url", "upload", "token", "fields")
"""Endings of the names of fields with credentials, which never leave this process."""
MAX_QUOTED_ITEMS = 10


@dataclass(frozen=True)
class Tools:
    api: Api
    root: Path

    def quote(self, order: "Order") -> Document:
        if order.prompts:
            plan = self.api.submit_prompts(order.prompt_body() | {"dry_run": True}, "")
        else:
            plan = self.api.preview(self._sheet(order), order.options(dry_run=True))
        return shown(plan | {"items": plan["items"][:MAX_QUOTED_ITEMS]})

    def submit(self, order: "Order") -> Document:
        if not order.quote_id and not order.max_cost:
            raise InvalidInputError(
                "A submit needs quote_id or max_cost",
                hint="Request a quote, tell the user its price, and send its quoteId.",
            )
        key = str(uuid.uuid4())
        if order.prompts:
            return shown(self.api.submit_prompts(order.prompt_body(), key))
        return shown(self.api.submit(self._sheet(order), order.options(), key))

    def status(self, batch_id: str) -> Document:
        return shown(self.api.status(batch_id))

    def cancel(self, batch_id: str) -> Document:
        return shown(self.api.cancel(batch_id))

    def retry(self, batch_id: str) -> Document:
        return shown(self.api.retry(batch_id, str(uuid.uuid4())))

    def redo(self, batch_id: str, body: Document) -> Document:
        return shown(self.api.open_round(batch_id, "redo", body, str(uuid.uuid4())))

    def models(self) -> Document:
        return shown(self.api.models())

    def download(self, batch_id: str, folder: str) -> Document:
        target = self._below_root(folder) / f"{Path(batch_id).name}.zip"
        Target(str(target)).check(force=True)
        archive = download(self.api, batch_id, Target(str(target)), lambda _done, _all: None)
        name = str(target.relative_to(self.root.resolve()))
        return {"file": name, "size": archive.size, "entries": archive.entries}

    def _sheet(self, order: "Order") -> Sheet:
        if not order.file:
            raise InvalidInputError("Pass file or prompts")
        return read_file(str(self._below_root(order.file)))

    def _below_root(self, name: str) -> Path:
        """InvalidInputError for a path elsewhere, also through a link."""
        root = self.root.resolve()
        path = (root / name).resolve()
        if not path.is_relative_to(root):
            raise InvalidInputError(f"{name} is not below the folder set with --root")
        return path


@dataclass(frozen=True)
class Order:
    """What to generate: the rows of a sheet below the root, or prompts."""

    file: str = ""
    prompts: tuple[str, ...] = ()
    template: str | None = None
    prompt: str | None = None
    model: str | None = None
    quality: str | None = None
    name: str | None = None
    max_cost: str | None = None
    quote_id: str | None = None

    def options(self, *, dry_run: bool = False) -> Options:
        return Options(
            name=self.name or default_name(self.file),
            model=self.model,
            quality=self.quality,
            quote=self.quote_id,
            max_cost=self.max_cost,
            template=self.template,
            prompt=self.prompt,
            dry_run=dry_run,
        )

    def prompt_body(self) -> Document:
        given = {
            "items": [{"prompt": prompt} for prompt in self.prompts],
            "name": (self.name or "")[:NAME_LENGTH] or None,
            "model": self.model,
            "quality": self.quality,
            "quote_id": self.quote_id,
            "max_cost": self.max_cost,
        }
        return {name: value for name, value in given.items() if value is not None}


def shown(document: Document) -> Document:
    """Remove presigned URLs and tokens: an assistant's transcript is stored elsewhere."""
    cleaned: Document = json.loads(json.dumps(_cleaned(document)))
    return cleaned


def _cleaned(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            name: _cleaned(each)
            for name, each in value.items()
            if not name.lower().endswith(CAPABILITIES) or name.lower() == "statusurl"
        }
    return [_cleaned(each) for each in value] if isinstance(value, list) else value
