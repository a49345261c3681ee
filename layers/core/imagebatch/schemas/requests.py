"""Request models, validated field by field."""

from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic.alias_generators import to_camel

from imagebatch.domain.model_registry import Quality
from imagebatch.domain.uploads import UploadKind
from imagebatch.intake.prompts import MAX_PROMPT_LENGTH
from imagebatch.intake.row_checks import MAX_CUSTOM_ID
from imagebatch.intake.uploads import MAX_UPLOAD_BYTES, TYPES_OF_KIND
from imagebatch.intake.urls import MAX_URL_LENGTH
from imagebatch.schemas.request_fields import (
    HTTPS,
    ID,
    PRINTABLE,
    PRINTABLE_WORDS,
    AspectRatio,
    CallbackUrl,
    Fallback,
    MaxCost,
    Metadata,
    QualityName,
    empty_is_absent,
    nullable,
    whole,
)


class BatchOptions(BaseModel):
    """The fields of every request that creates a batch."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="ignore", defer_build=True
    )

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
        BeforeValidator(empty_is_absent),
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
        BeforeValidator(empty_is_absent),
        Field(description="Dry run only: the cursor of the next page of items."),
    ] = None
    limit: Annotated[
        Annotated[int, Field(ge=1, le=1_000)] | None,
        BeforeValidator(empty_is_absent),
        Field(description="Dry run only: the number of items per page."),
    ] = None


class ReadingOptions(BaseModel):
    """How to read a sheet of any kind."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="ignore", defer_build=True
    )

    unknown_columns: Annotated[
        Literal["reject", "ignore"],
        BeforeValidator(lambda value: "reject" if value == "" else value),
        Field(description="Whether to ignore unknown columns."),
    ] = "reject"
    encoding: Annotated[
        Annotated[str, StringConstraints(max_length=40)] | None,
        BeforeValidator(empty_is_absent),
        Field(description="The sheet's encoding, if it is not UTF-8.", examples=["shift_jis"]),
    ] = None
    sheet: Annotated[
        Annotated[str, StringConstraints(max_length=200)] | None,
        BeforeValidator(empty_is_absent),
        Field(description="The workbook's sheet. Default: the first visible one."),
    ] = None


class CarOptions(ReadingOptions, BatchOptions):
    invalid_rows: Literal["reject", "skip"] = "reject"
    upload_id: str | None = None


class SheetOptions(CarOptions):
    """`template` names a stored template; `prompt` is the text of one."""

    template: Annotated[
        Annotated[str, StringConstraints(max_length=64)] | None,
        BeforeValidator(empty_is_absent),
    ] = None
    prompt: Annotated[
        Annotated[str, StringConstraints(max_length=8_000)] | None,
        BeforeValidator(empty_is_absent),
    ] = None


class PromptSheetOptions(CarOptions):
    """The options of a sheet with a column `prompt`, in either spelling."""

    include_pdf: Annotated[bool, Field(strict=True)] = False


class SheetUpload(SheetOptions):
    """A sheet that was uploaded before."""

    upload_id: Annotated[str, StringConstraints(pattern=ID)]


type Words = Annotated[str, StringConstraints(max_length=4_000)]


class ColumnRequest(BaseModel):
    """The rules of one column of a template."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="ignore", defer_build=True
    )

    required: bool | None = None
    default: Words = ""
    one_of: Annotated[list[Words], Field(max_length=100)] = []
    max_length: Annotated[int, Field(ge=1, le=4_000)] | None = None


class TemplateRequest(BaseModel):
    """A template for sheets: `{{column}}` is replaced, `{{#column}}…{{/column}}` needs a value."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="ignore", defer_build=True
    )

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
        raise ValueError("must not contain control characters")
    return value


class PromptItem(BaseModel):
    """`file` is an upload's id or an https URL."""

    model_config = ConfigDict(extra="ignore", defer_build=True)

    prompt: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_PROMPT_LENGTH),
        AfterValidator(_without_controls),
        Field(json_schema_extra={"pattern": PRINTABLE_WORDS}),
    ]
    file: Annotated[
        Annotated[str, StringConstraints(strip_whitespace=True)] | None,
        BeforeValidator(empty_is_absent),
        WithJsonSchema(
            nullable({"type": "string", "pattern": f"{HTTPS}|{ID}", "maxLength": MAX_URL_LENGTH})
        ),
    ] = None
    custom_id: Annotated[
        Annotated[
            str,
            StringConstraints(strip_whitespace=True, max_length=MAX_CUSTOM_ID),
            AfterValidator(_without_controls),
        ]
        | None,
        BeforeValidator(empty_is_absent),
        WithJsonSchema(
            nullable({"type": "string", "pattern": PRINTABLE, "maxLength": MAX_CUSTOM_ID})
        ),
    ] = None
    aspect_ratio: AspectRatio = None


class PromptBatchOptions(BaseModel):
    model_config = ConfigDict(extra="ignore", defer_build=True)

    quality: QualityName = None
    include_pdf: Annotated[bool, Field(strict=True)] = False


class PromptBatch(BatchOptions):
    """A list of prompts; snake_case, as all of the v1 API."""

    model_config = ConfigDict(alias_generator=str, extra="ignore", defer_build=True)

    items: Annotated[list[PromptItem], Field(min_length=1)]
    options: PromptBatchOptions = PromptBatchOptions()

    @model_validator(mode="after")
    def _one_quality(self) -> Self:
        """Older clients send `quality` in `options`, newer ones at the top level."""
        ours, theirs = self.quality, self.options.quality
        if ours and theirs and ours is not theirs:
            raise ValueError("quality and options.quality must be the same")
        self.quality = ours or theirs
        return self


class UploadForm(BaseModel):
    kind: UploadKind


class UploadRequest(UploadForm):
    """The declared name, type and size (bytes) of a file that will be posted to the bucket."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="ignore",
        defer_build=True,
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
