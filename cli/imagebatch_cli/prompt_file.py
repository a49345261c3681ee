"""A list of prompts from a CSV, a JSON list or plain text."""

import csv
import io
import json
from typing import Any

from imagebatch_cli.errors import InvalidInputError
from imagebatch_cli.sheet import Sheet

COLUMNS = ("prompt", "custom_id", "aspect_ratio", "file")


def read_prompts(sheet: Sheet) -> list[dict[str, Any]]:
    """The items of the request; what is in them is for the service to judge."""
    text = _text(sheet)
    suffix = sheet.name.lower().rsplit(".", 1)[-1]
    if suffix == "json" or text.lstrip().startswith(("[", "{")):
        items = _from_json(sheet.name, text)
    elif suffix == "txt":
        items = [{"prompt": line.strip()} for line in text.splitlines() if line.strip()]
    else:
        items = _from_csv(sheet.name, text)
    if not items:
        raise InvalidInputError(f"{sheet.name} has no prompts")
    return items


def _text(sheet: Sheet) -> str:
    try:
        return sheet.body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInputError(
            f"{sheet.name} is not UTF-8 text", hint="Save it as CSV UTF-8 and try again."
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


def _from_csv(name: str, text: str) -> list[dict[str, Any]]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    fields = [(field or "").strip().lower() for field in reader.fieldnames or ()]
    if "prompt" not in fields:
        raise InvalidInputError(
            f"{name} has no column prompt", hint="A file with one prompt a line is a .txt file."
        )
    reader.fieldnames = fields
    rows = [{column: (row.get(column) or "").strip() for column in COLUMNS} for row in reader]
    items = ({key: value for key, value in row.items() if value} for row in rows)
    return [item for item in items if item]
