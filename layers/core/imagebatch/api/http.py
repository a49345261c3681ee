"""Reads a request: its body as bytes, JSON or a form, and its query parameters."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from io import BytesIO
from math import isfinite
from typing import Any

from multipart import MultipartError, MultipartParser, MultipartPart, parse_options_header

from imagebatch.api.event import GatewayEvent
from imagebatch.domain.errors import InvalidRequestError, UnsupportedTypeError
from imagebatch.structs import Struct, field

FORM_FIELDS = 64
LIMIT = re.compile(r"[1-9][0-9]?|100", re.ASCII)
MAX_SEARCH_LENGTH = 200
ITEM_INDEX = re.compile(r"[0-9]{1,6}", re.ASCII)
FORM_CHARSETS = frozenset(
    {"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "windows-1252", "latin1"}
)
"""The charsets that a field may declare; latin1 stands for a field without one."""


def body_of(event: GatewayEvent) -> bytes:
    """Return the original body: the gateway passes text unchanged and other content as base64."""
    body = event.body
    if not event.is_base64_encoded:
        return body.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        raise InvalidRequestError("invalid-body", "The body is not valid base64") from None


def content_type_of(event: GatewayEvent) -> str:
    return (event.headers.get("content-type") or "").split(";")[0].strip().lower()


def json_of(event: GatewayEvent) -> Any:
    body = body_of(event)
    try:
        data = json.loads(body or b"{}", parse_constant=_no_number, parse_float=_finite)
        if b"\\ud" in body.lower():
            json.dumps(data, ensure_ascii=False).encode()  # half of a surrogate pair is no text
    except ValueError:
        raise InvalidRequestError("invalid-json", "The body is not valid JSON") from None
    except RecursionError:
        raise InvalidRequestError("invalid-json", "The body is nested too deeply") from None
    return data


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    """Such as 1e999 would be read as an infinity, which no answer could repeat."""
    if not isfinite(number := float(text)):
        raise ValueError("a number out of range")
    return number


def json_object_of(event: GatewayEvent) -> dict[str, Any]:
    data = json_of(event)
    if not isinstance(data, dict):
        raise InvalidRequestError("invalid-json", "The body must be a JSON object")
    return data


class FormFile(Struct, frozen=True):
    body: bytes
    filename: str
    content_type: str


class Form(Struct, frozen=True):
    fields: dict[str, str] = field(default_factory=dict)
    files: dict[str, FormFile] = field(default_factory=dict)


def form_of(event: GatewayEvent) -> Form:
    """A multipart body; InvalidRequestError when it is not one.

    Names are read as UTF-8 whatever they are, with replacements: the sheet counts, not its name.
    """
    body = body_of(event)
    _, options = parse_options_header(event.headers.get("content-type", ""))
    if not options.get("boundary"):
        raise _unreadable_form("its Content-Type has no boundary")
    form = Form()
    try:
        parser = MultipartParser(
            BytesIO(body),
            options["boundary"],
            len(body),
            charset="latin1",
            strict=True,
            part_limit=FORM_FIELDS,
            memory_limit=len(body) + 1024,
            spool_limit=len(body) + 1024,
        )
        for part in parser:
            _add_part(form, part)
    except (MultipartError, UnicodeError) as error:
        raise _unreadable_form(str(error)) from None
    return form


def _add_part(form: Form, part: MultipartPart) -> None:
    name = _as_utf8(part.name)
    if part.filename or name == "file":
        filename = _as_utf8(part.filename or "")
        form.files[name] = FormFile(part.raw, filename, part.content_type)
        return
    charset = part.charset.lower()
    if charset not in FORM_CHARSETS:
        raise _unreadable_form(f"The charset of the field {name[:40]} is not supported")
    encoding = "utf-8" if charset == "latin1" else charset
    form.fields[name] = part.raw.decode(encoding)


def _as_utf8(text: str) -> str:
    """A header's text, which was read byte by byte."""
    try:
        return text.encode("latin1").decode("utf-8", "replace")
    except UnicodeEncodeError:
        return text


def _unreadable_form(reason: str) -> InvalidRequestError:
    return InvalidRequestError(
        "invalid-multipart",
        "The multipart body cannot be read",
        detail=f"The multipart body cannot be read: {reason}.",
    )


def page_limit(query: Mapping[str, str]) -> int:
    """`limit`, 1..100, 20 when it is absent."""
    text = query.get("limit") or "20"
    if not LIMIT.fullmatch(text):
        raise InvalidRequestError("invalid-limit", "limit must be a number from 1 to 100")
    return int(text)


def page_cursor(query: Mapping[str, str]) -> str | None:
    return query.get("cursor") or None


def item_cursor(query: Mapping[str, str]) -> int:
    """The cursor of a list of items is the index of the first."""
    text = query.get("cursor") or "0"
    if not ITEM_INDEX.fullmatch(text):
        raise InvalidRequestError("invalid-cursor", "Invalid cursor")
    return int(text)


def one_of[E: StrEnum](kind: type[E], query: Mapping[str, str], name: str) -> E | None:
    """A query parameter with a closed list of values, None when it is absent."""
    text = query.get(name)
    if not text:
        return None
    try:
        return kind(text)
    except ValueError:
        known = ", ".join(sorted(kind))
        raise InvalidRequestError(
            f"invalid-{name}", f"Unknown {name}", detail=f"{name} must be one of {known}."
        ) from None


def search_words(query: Mapping[str, str]) -> str:
    """`q`, empty when it is absent."""
    words = query.get("q", "")
    if len(words) > MAX_SEARCH_LENGTH:
        raise InvalidRequestError(
            "invalid-search", f"A search has at most {MAX_SEARCH_LENGTH} characters"
        )
    return words


def unsupported_media_type(detail: str) -> InvalidRequestError:
    return UnsupportedTypeError("unsupported-media-type", "Unsupported content type", detail=detail)


def refuse_long_body(
    event: GatewayEvent, max_bytes: int, error: Callable[[], InvalidRequestError]
) -> None:
    """By the encoded length, before anything is decoded."""
    length = len(event.body)
    if length > max_bytes * (4 / 3 if event.is_base64_encoded else 1) + 65_536:
        raise error()
