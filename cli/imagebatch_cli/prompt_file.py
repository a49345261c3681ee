"""Reads a list of prompts from JSON or plain text. The service reads sheets of prompts."""

import codecs
import json
from typing import Any

from imagebatch_cli.errors import InvalidInputError
from imagebatch_cli.sheet import Sheet

MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def is_sheet(sheet: Sheet) -> bool:
    """Decide by the name or, if that is not conclusive, by the first character."""
    suffix = sheet.name.lower().rsplit(".", 1)[-1]
    if suffix in {"json", "txt"}:
        return False
    return not sheet.body.removeprefix(codecs.BOM_UTF8).lstrip().startswith((b"[", b"{"))


def read_prompts(sheet: Sheet) -> list[dict[str, Any]]:
    """Return the request's items; the service validates their content."""
    text = _text(sheet)
    if sheet.name.lower().endswith(".txt"):
        items = [{"prompt": line.strip()} for line in text.splitlines() if line.strip()]
    else:
        items = _from_json(sheet.name, text)
    if not items:
        raise InvalidInputError(f"{sheet.name} has no prompts")
    return items


def _text(sheet: Sheet) -> str:
    encoding = "utf-16" if sheet.body.startswith(MARKS) else "utf-8-sig"
    try:
        return sheet.body.decode(encoding)
    except UnicodeDecodeError as error:
        raise InvalidInputError(
            f"{sheet.name} is not UTF-8 text",
            hint="Save it as UTF-8, or as a CSV with a column prompt and pass its --encoding.",
        ) from error


def _from_json(name: str, text: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise InvalidInputError(f"{name} is not JSON: {error}") from error
    items = found.get("items") if isinstance(found, dict) else found
    if not isinstance(items, list):
        raise InvalidInputError(f"{name} is not a list of prompts")
    return [{"prompt": item} if isinstance(item, str) else item for item in items]
