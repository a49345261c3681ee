"""What clients may send, checked field by field."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic.alias_generators import to_camel

from imagebatch.domain.model_choice import MAX_FALLBACKS
from imagebatch.domain.model_entries import RATIO
from imagebatch.domain.model_registry import Quality
from imagebatch.intake.prompts import MAX_PROMPT_LENGTH, FieldProblem, invalid_fields
from imagebatch.intake.row_checks import MAX_CUSTOM_ID
from imagebatch.intake.uploads import MAX_UPLOAD_BYTES, TYPES_OF_KIND, UploadKind
from imagebatch.intake.urls import LONGEST_URL, why_not_callable
from imagebatch.schemas.field_names import NamedFields, named_fields

MAX_SHOWN_STEP = 100
"""Characters of one name in the path of an invalid field."""
CALLBACK_ORIGIN = "callback_origin"


_CONTROLS = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f"
PRINTABLE = rf"^[^{_CONTROLS}]*$"
PRINTABLE_WORDS = rf"^[^{_CONTROLS}]*[^\s\x85{_CONTROLS}][^{_CONTROLS}]*$"
ID = "^[0-9a-f]{32}$"
AMOUNT = re.compile(r"([0-9]{1,6}(\.[0-9]{0,6})?|\.[0-9]{1,6})?", re.ASCII)
HTTPS = "^(https://.+)?$"


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def _no_text(value: Any) -> Any:
    if isinstance(value, str):
        raise ValueError("must be a JSON object of strings")
    return value


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


def whole(value: Any) -> Any:
    """JSON has one kind of number: 3.0 is 3."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _amount(value: Any) -> Any:
    """Such as "2.50": no exponent, no sign, no digits of other scripts."""
    if isinstance(value, str) and not AMOUNT.fullmatch(value.strip()):
        raise ValueError("must be an amount in USD, such as 2.50")
    return _empty_is_absent(value)


type Metadata = Annotated[
    dict[
        Annotated[str, StringConstraints(min_length=1, max_length=64)],
        Annotated[str, StringConstraints(max_length=512)],
    ],
    BeforeValidator(_no_text),
    AfterValidator(_sixteen),
    Field(json_schema_extra={"maxProperties": 16}),
]
type CallbackUrl = Annotated[
    str | None,
    AfterValidator(_callable),
    WithJsonSchema(_nullable({"type": "string", "pattern": HTTPS, "maxLength": LONGEST_URL})),
]
type MaxCost = Annotated[
    Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=6)] | None,
    BeforeValidator(_amount),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0, "maximum": 999_999, "multipleOf": 0.000001},
                {"type": "string", "pattern": f"^{AMOUNT.pattern}$"},
                {"type": "null"},
            ]
        }
    ),
]


def _names(value: Any) -> Any:
    return [] if value is None else value


def _is_ratio(value: str | None) -> str | None:
    if value is not None and not RATIO.fullmatch(value):
        raise ValueError("must be a ratio such as 16:9")
    return value


type Fallback = Annotated[
    list[Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]],
    Field(max_length=MAX_FALLBACKS),
    BeforeValidator(_names),
]
type AspectRatio = Annotated[
    str | None,
    AfterValidator(_is_ratio),
    BeforeValidator(_empty_is_absent),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "pattern": f"^({RATIO.pattern})?$"}, {"type": "null"}]}
    ),
]
type QualityName = Annotated[Quality | None, BeforeValidator(_empty_is_absent)]


class BatchOptions(BaseModel):
    """What every way of creating a batch takes."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")

    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""
    metadata: Metadata = {}
    callback_url: CallbackUrl = None
    max_cost: MaxCost = None
    dry_run: Annotated[bool, Field(strict=True)] = False
    model: str | None = None
    fallback: Fallback = []
    quality: QualityName = None
    quote_id: Annotated[
        Annotated[str, StringConstraints(max_length=100)] | None,
        BeforeValidator(_empty_is_absent),
        Field(
            description="Of the dry run: the batch is refused with 409 if its content or price is "
            "another, and the quoted price is its cap."
        ),
    ] = None
    rehearse: Annotated[
        dict[
            Annotated[str, StringConstraints(max_length=100)],
            Annotated[str, StringConstraints(max_length=40)],
        ]
        | None,
        Field(
            max_length=1_000,
            description="In development mode, what rows are to meet: a row's custom_id or number, "
            "or a share such as `10%`, and its fate.",
            examples=[{"row-0007": "refused", "10%": "timeout"}],
        ),
    ] = None
    cursor: Annotated[
        Annotated[str, StringConstraints(pattern="^([0-9]{1,6})?$")] | None,
        BeforeValidator(_empty_is_absent),
        Field(description="Of a dry run: where its next page of items starts."),
    ] = None
    limit: Annotated[
        Annotated[int, Field(ge=1, le=1_000)] | None,
        BeforeValidator(_empty_is_absent),
        Field(description="Of a dry run: how many items a page of it has."),
    ] = None


class ReadingOptions(BaseModel):
    """How a sheet is read, whatever it is of."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")

    unknown_columns: Annotated[
        Literal["reject", "ignore"],
        BeforeValidator(lambda value: "reject" if value == "" else value),
        Field(description="Whether columns that are not known may be ignored without asking."),
    ] = "reject"
    encoding: Annotated[
        Annotated[str, StringConstraints(max_length=40)] | None,
        BeforeValidator(_empty_is_absent),
        Field(description="The sheet's encoding, where it is not UTF-8.", examples=["shift_jis"]),
    ] = None
    sheet: Annotated[
        Annotated[str, StringConstraints(max_length=200)] | None,
        BeforeValidator(_empty_is_absent),
        Field(description="The sheet of a workbook, where it is not the first visible one."),
    ] = None


class CarOptions(ReadingOptions, BatchOptions):
    invalid_rows: Literal["reject", "skip"] = "reject"
    upload_id: str | None = None


class SheetOptions(CarOptions):
    """`template` names a stored template; `prompt` is the text of one."""

    template: Annotated[
        Annotated[str, StringConstraints(max_length=64)] | None,
        BeforeValidator(_empty_is_absent),
    ] = None
    prompt: Annotated[
        Annotated[str, StringConstraints(max_length=8_000)] | None,
        BeforeValidator(_empty_is_absent),
    ] = None


class PromptSheetOptions(CarOptions):
    """Of a sheet with a column `prompt`; options have their names in either spelling."""

    include_pdf: Annotated[bool, Field(strict=True)] = False


class SheetUpload(SheetOptions):
    """A sheet that was uploaded before."""

    upload_id: Annotated[str, StringConstraints(pattern=ID)]


type Words = Annotated[str, StringConstraints(max_length=4_000)]


class ColumnRequest(BaseModel):
    """What a template says of one of its columns."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")

    required: bool | None = None
    default: Words = ""
    one_of: Annotated[list[Words], Field(max_length=100)] = []
    max_length: Annotated[int, Field(ge=1, le=4_000)] | None = None


class TemplateRequest(BaseModel):
    """A template for sheets: `{{column}}` is replaced, `{{#column}}…{{/column}}` needs a value."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")

    prompt: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=8_000)]
    file_name: Annotated[str, StringConstraints(max_length=400)] = ""
    columns: Annotated[
        dict[Annotated[str, StringConstraints(min_length=1, max_length=64)], ColumnRequest],
        Field(max_length=100),
    ] = {}
    model: str | None = None
    aspect_ratio: AspectRatio = None
    quality: Quality | None = None
    fallback: Annotated[list[str], Field(max_length=3)] = []


class CarUpload(CarOptions):
    """A sheet that was uploaded before."""

    upload_id: Annotated[str, StringConstraints(pattern=ID)]


def _without_controls(value: str) -> str:
    if any(c < " " and c not in "\n\r\t" for c in value) or "\x7f" in value:
        raise ValueError("must not hold control characters")
    return value


class PromptItem(BaseModel):
    """`file` is an upload's id or an https URL."""

    model_config = ConfigDict(extra="ignore")

    prompt: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_PROMPT_LENGTH),
        AfterValidator(_without_controls),
        Field(json_schema_extra={"pattern": PRINTABLE_WORDS}),
    ]
    file: Annotated[
        Annotated[str, StringConstraints(strip_whitespace=True)] | None,
        BeforeValidator(_empty_is_absent),
        WithJsonSchema(
            _nullable({"type": "string", "pattern": f"{HTTPS}|{ID}", "maxLength": LONGEST_URL})
        ),
    ] = None
    custom_id: Annotated[
        Annotated[
            str,
            StringConstraints(strip_whitespace=True, max_length=MAX_CUSTOM_ID),
            AfterValidator(_without_controls),
        ]
        | None,
        BeforeValidator(_empty_is_absent),
        WithJsonSchema(
            _nullable({"type": "string", "pattern": PRINTABLE, "maxLength": MAX_CUSTOM_ID})
        ),
    ] = None
    aspect_ratio: AspectRatio = None


class PromptBatchOptions(BaseModel):
    model_config = ConfigDict(extra="ignore")

    quality: QualityName = None
    include_pdf: Annotated[bool, Field(strict=True)] = False


class PromptBatch(BatchOptions):
    """A list of prompts; snake_case, as all of the v1 API."""

    model_config = ConfigDict(alias_generator=str, extra="ignore")

    items: Annotated[list[PromptItem], Field(min_length=1)]
    options: PromptBatchOptions = PromptBatchOptions()

    @model_validator(mode="after")
    def _one_quality(self) -> Self:
        """Older clients have `quality` in `options`, newer ones beside it."""
        ours, theirs = self.quality, self.options.quality
        if ours and theirs and ours is not theirs:
            raise ValueError("quality and options.quality must be the same")
        self.quality = ours or theirs
        return self


class UploadForm(BaseModel):
    kind: UploadKind


class UploadRequest(UploadForm):
    """A file that will be posted straight to the bucket: what it is said to be."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="ignore",
        json_schema_extra={
            "oneOf": [
                {"properties": {"kind": {"const": kind}, "contentType": {"enum": [*types]}}}
                for kind, types in TYPES_OF_KIND.items()
            ]
        },
    )

    filename: Annotated[str, StringConstraints(min_length=1, max_length=1024)]
    content_type: Annotated[str, StringConstraints(max_length=255)]
    size: Annotated[
        int,
        Field(
            ge=1,
            strict=True,
            description="In bytes",
            json_schema_extra={"maximum": MAX_UPLOAD_BYTES},
        ),
        BeforeValidator(whole),
    ]


_FLAG = TypeAdapter(bool)


def from_text(fields: Mapping[str, str]) -> dict[str, Any]:
    """Fields of a form or a query as the JSON API has them: objects as JSON, `dryRun` as a word.

    What cannot be read so stays text, for the model to refuse.
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
    """`data` as the model, or None and every invalid field, for callers that find more of them."""
    named = named_fields(model, data) if isinstance(data, Mapping) else NamedFields(data)
    try:
        found = model.model_validate(named.data, context={CALLBACK_ORIGIN: callback_origin})
    except ValidationError as error:
        invalid = error.errors(include_url=False, include_context=False)
        problems = [FieldProblem(_path(e), _message(e)) for e in invalid]
        return None, [*named.problems, *problems]
    return (None, named.problems) if named.problems else (found, [])


def _path(error: Any) -> str:
    """Where in the request; the client's own names in it may be of any length."""
    return ".".join(str(step)[:MAX_SHOWN_STEP] for step in error["loc"])


def _message(error: Any) -> str:
    return str(error["msg"]).removeprefix("Value error, ")
