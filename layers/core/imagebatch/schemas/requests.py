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
    ValidationInfo,
)
from pydantic.alias_generators import to_camel

from imagebatch.domain.models import Quality
from imagebatch.domain.promptlist import LONGEST_PROMPT, FieldProblem, invalid_fields
from imagebatch.domain.rowcheck import MAX_CUSTOM_ID
from imagebatch.domain.uploads import UploadKind
from imagebatch.domain.urls import why_not_callable

CALLBACK_ORIGIN = "callback_origin"


def _json_object(value: Any) -> Any:
    """A form field holds its object as JSON text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value.strip() else {}
    except (ValueError, RecursionError) as error:
        raise ValueError("must be a JSON object of strings") from error


def _sixteen(value: dict[str, str]) -> dict[str, str]:
    if len(value) > 16:
        raise ValueError("must have at most 16 pairs")
    return value


def _callable(value: str | None, info: ValidationInfo) -> str | None:
    origin = (info.context or {}).get(CALLBACK_ORIGIN, "")
    reason = why_not_callable(value, origin) if value else None
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
type CallbackUrl = Annotated[str | None, AfterValidator(_callable)]
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


def _without_controls(value: str) -> str:
    if any(c < " " and c not in "\n\r\t" for c in value) or "\x7f" in value:
        raise ValueError("must not hold control characters")
    return value


class PromptItem(BaseModel):
    """`file` is an upload's id or an https URL."""

    model_config = ConfigDict(extra="ignore")

    prompt: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_PROMPT),
        AfterValidator(_without_controls),
    ]
    file: Annotated[
        Annotated[str, StringConstraints(strip_whitespace=True)] | None,
        BeforeValidator(_empty_is_absent),
    ] = None
    custom_id: Annotated[
        Annotated[
            str,
            StringConstraints(strip_whitespace=True, max_length=MAX_CUSTOM_ID),
            AfterValidator(_without_controls),
        ]
        | None,
        BeforeValidator(_empty_is_absent),
    ] = None
    aspect_ratio: Annotated[
        Literal["1:1", "16:9", "9:16", "4:3", "3:4"] | None, BeforeValidator(_empty_is_absent)
    ] = None


class PromptBatchOptions(BaseModel):
    model_config = ConfigDict(extra="ignore")

    quality: Quality = Quality.STANDARD
    include_pdf: bool = False


class PromptBatch(BatchOptions):
    """A list of prompts; snake_case, as all of the v1 API."""

    model_config = ConfigDict(alias_generator=str, extra="ignore")

    items: Annotated[list[PromptItem], Field(min_length=1)]
    options: PromptBatchOptions = PromptBatchOptions()


class UploadForm(BaseModel):
    kind: UploadKind


class UploadRequest(UploadForm):
    """A file that will be posted straight to the bucket: what it is said to be."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")

    filename: Annotated[str, StringConstraints(min_length=1, max_length=1024)]
    content_type: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    size: Annotated[int, Field(ge=1, strict=True, description="In bytes; at most 20,971,520")]


def parsed[M: BaseModel](model: type[M], data: Any, *, callback_origin: str = "") -> M:
    """`data` as the model; InvalidRequestError 422 that lists every invalid field.

    `callback_origin` is the development receiver's, which need not be public.
    """
    found, problems = examined(model, data, callback_origin=callback_origin)
    if found is None:
        raise invalid_fields(problems)
    return found


def examined[M: BaseModel](
    model: type[M], data: Any, *, callback_origin: str = ""
) -> tuple[M | None, list[FieldProblem]]:
    """`data` as the model, or None and every invalid field, for callers that find more of them."""
    try:
        return model.model_validate(data, context={CALLBACK_ORIGIN: callback_origin}), []
    except ValidationError as error:
        return None, [
            FieldProblem(".".join(str(part) for part in e["loc"]), _message(e))
            for e in error.errors(include_url=False, include_context=False)
        ]


def _message(error: Any) -> str:
    return str(error["msg"]).removeprefix("Value error, ")
