"""Request models of the variant routes."""

from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    StringConstraints,
)
from pydantic.alias_generators import to_camel

from imagebatch.intake.catalog_import import MAX_IMPORT_ROWS, MAX_VARIANT_ID
from imagebatch.intake.urls import MAX_URL_LENGTH
from imagebatch.intake.variants import MAX_PRODUCT_IMAGES, MAX_VARIANTS, MAX_VARIATIONS
from imagebatch.schemas.request_fields import HTTPS, whole
from imagebatch.schemas.requests import BatchOptions

type VariantId = Annotated[int, Field(ge=1, le=MAX_VARIANT_ID, strict=True), BeforeValidator(whole)]
type Address = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=4096),
    Field(json_schema_extra={"format": "uri", "pattern": "^https://"}),
]
type ImportedId = Annotated[
    VariantId | Annotated[str, StringConstraints(pattern="^[1-9][0-9]{0,14}$")],
    Field(description="A whole number, or one that an exporter made text of"),
]
type Title = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"[^\s\x1c-\x1f\x85]")
]


def _null_is_empty(value: Any) -> Any:
    return [] if value is None else value


class Camel(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="ignore", defer_build=True
    )


class VariantRow(Camel):
    """A variant of the catalog."""

    variant_id: ImportedId
    variant_title: Title
    product_id: ImportedId
    product_title: Title
    image_url: (
        Annotated[str, StringConstraints(max_length=MAX_URL_LENGTH, pattern=HTTPS)] | None
    ) = None


class VariantList(RootModel[list[VariantRow]]):
    root: Annotated[list[VariantRow], Field(min_length=1, max_length=MAX_IMPORT_ROWS)]


class CandidatesRequest(Camel):
    variant_ids: Annotated[list[VariantId], Field(min_length=1, max_length=MAX_VARIANTS)]


def _one_to_four(schema: dict[str, Any]) -> None:
    """For the OpenAPI document; an empty list is rejected later, with the variant named."""
    schema["required"] = ["variantId", "productImageUrls"]
    images = schema["properties"]["productImageUrls"]
    del images["default"]
    images |= {"minItems": 1, "maxItems": MAX_PRODUCT_IMAGES}


class VariantChoice(Camel):
    """A variant with 1 to 4 product images: presigned URLs of this service, or https URLs."""

    model_config = ConfigDict(json_schema_extra=_one_to_four)

    variant_id: VariantId
    product_image_urls: Annotated[list[Address], BeforeValidator(_null_is_empty)] = []


class VariantSettings(Camel):
    schema_key: Annotated[str, StringConstraints(max_length=100)]
    number_of_variations: Annotated[
        int, Field(ge=1, le=MAX_VARIATIONS, strict=True), BeforeValidator(whole)
    ] = 1
    input: dict[str, Any] = {}


class VariantBatchRequest(BatchOptions):
    """A batch of product variants."""

    variants: Annotated[list[VariantChoice], Field(min_length=1, max_length=MAX_VARIANTS)]
    settings: VariantSettings
