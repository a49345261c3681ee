"""Parses a request into its model, or lists every invalid field."""

import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import (
    BaseModel,
    TypeAdapter,
    ValidationError,
)

from imagebatch.intake.field_problems import FieldProblem, invalid_fields
from imagebatch.schemas.field_names import NamedFields, named_fields
from imagebatch.schemas.request_fields import CALLBACK_ORIGIN

MAX_SHOWN_STEP = 100
"""Characters of one name in the path of an invalid field."""
_FLAG = TypeAdapter(bool)


def from_text(fields: Mapping[str, str]) -> dict[str, Any]:
    """Convert fields of a form or a query to those of the JSON API: objects are sent as JSON, and
    `dryRun` as text.

    Values that cannot be converted remain text, which the model rejects.
    """
    reads = {
        "metadata": _object,
        "rehearse": _object,
        "dryrun": _flag,
        "includepdf": _flag,
        "fallback": _list,
    }
    return {
        name: reads.get(re.sub("[_-]", "", name).casefold(), str)(text)
        for name, text in fields.items()
    }


def _object(text: str) -> Any:
    try:
        return json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError):
        return text


def _list(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _flag(text: str) -> Any:
    try:
        return _FLAG.validate_python(text)
    except ValidationError:
        return text


def parsed[M: BaseModel](model: type[M], data: Any, *, callback_origin: str = "") -> M:
    """`data` as the model; UnprocessableError that lists every invalid field.

    `callback_origin` is the development receiver's, which need not be public.
    """
    found, problems = examined(model, data, callback_origin=callback_origin)
    if found is None:
        raise invalid_fields(problems)
    return found


def examined[M: BaseModel](
    model: type[M], data: Any, *, callback_origin: str = ""
) -> tuple[M | None, list[FieldProblem]]:
    """Return the model, or None and every invalid field, for callers that check more fields."""
    named = named_fields(model, data) if isinstance(data, Mapping) else NamedFields(data)
    try:
        found = model.model_validate(named.data, context={CALLBACK_ORIGIN: callback_origin})
    except ValidationError as error:
        invalid = error.errors(include_url=False, include_context=False)
        problems = [FieldProblem(_path(e), _message(e)) for e in invalid]
        return None, [*named.problems, *problems]
    return (None, named.problems) if named.problems else (found, [])


def _path(error: Any) -> str:
    """Return the path in the request; names that the client chose are cut."""
    return ".".join(str(step)[:MAX_SHOWN_STEP] for step in error["loc"])


def _message(error: Any) -> str:
    return str(error["msg"]).removeprefix("Value error, ")
