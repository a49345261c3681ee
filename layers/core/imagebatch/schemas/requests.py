"""What clients may send, checked field by field."""

import json
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)
from pydantic.alias_generators import to_camel

from imagebatch.domain.errors import InvalidRequestError
from imagebatch.domain.urls import why_not_public


def _json_object(value: Any) -> Any:
    """A form field holds its object as JSON text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value.strip() else {}
    except json.JSONDecodeError as error:
        raise ValueError("must be a JSON object of strings") from error


def _sixteen(value: dict[str, str]) -> dict[str, str]:
    if len(value) > 16:
        raise ValueError("must have at most 16 pairs")
    return value


def _public_https(value: str | None) -> str | None:
    reason = why_not_public(value) if value else None
    if reason:
        raise ValueError(reason)
    return value or None


def _empty_is_absent(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


type Metadata = Annotated[
    dict[
        Annotated[str, StringConstraints(min_length=1, max_length=64)],
        Annotated[str, StringConstraints(max_length=512)],
    ],
    BeforeValidator(_json_object),
    AfterValidator(_sixteen),
]
type CallbackUrl = Annotated[str | None, AfterValidator(_public_https)]
type MaxCost = Annotated[
    Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=6)] | None,
    BeforeValidator(_empty_is_absent),
]


class BatchOptions(BaseModel):
    """What every way of creating a batch takes."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")

    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""
    metadata: Metadata = {}
    callback_url: CallbackUrl = None
    max_cost: MaxCost = None
    dry_run: bool = False
    model: str | None = None


class CarOptions(BatchOptions):
    invalid_rows: Literal["reject", "skip"] = "reject"
    upload_id: str | None = None


def parsed[M: BaseModel](model: type[M], data: Any) -> M:
    """`data` as the model; InvalidRequestError 422 that lists every invalid field."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        details = [
            {"field": ".".join(str(part) for part in e["loc"]), "message": _message(e)}
            for e in error.errors(include_url=False, include_context=False)
        ]
        raise InvalidRequestError(
            "invalid-fields",
            "Invalid fields",
            title="Some fields are not valid",
            detail="; ".join(f"{d['field'] or 'body'}: {d['message']}" for d in details)[:500],
            details=details,
            status=422,
        ) from None


def _message(error: Any) -> str:
    return str(error["msg"]).removeprefix("Value error, ")
