"""Read the API's responses as JSON objects, in one spelling."""

from typing import Any

import httpx

from imagebatch_cli.errors import UnreachableError
from imagebatch_cli.sheet import Document


def document(response: httpx.Response) -> Document:
    """Parse a JSON object. UnreachableError for anything else, such as another site's page."""
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise UnreachableError(
            f"The response from {response.url.copy_with(query=None)} is not from the API",
            hint="Check --url or IMAGEBATCH_URL.",
        )
    return body


VERBATIM = frozenset({"metadata", "input"})
"""The content of these belongs to the client."""
RENAMED = {"batch_id": "jobId", "total_items": "total"}


def camel_case(document: Document) -> Document:
    """Convert the v1 API's response to camelCase, so that this command has one spelling."""
    return {
        _camel(name): value if name in VERBATIM else _camel_values(value)
        for name, value in document.items()
    }


def _camel_values(value: Any) -> Any:
    if isinstance(value, dict):
        return camel_case(value)
    return [_camel_values(each) for each in value] if isinstance(value, list) else value


def _camel(name: str) -> str:
    if name in RENAMED:
        return RENAMED[name]
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)
