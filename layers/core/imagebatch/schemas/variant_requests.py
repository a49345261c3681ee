"""What the variant routes take."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from imagebatch.domain.catalog_import import LARGEST_ID
from imagebatch.domain.variants import MOST_VARIANTS, MOST_VARIATIONS
from imagebatch.schemas.requests import BatchOptions

type VariantId = Annotated[int, Field(ge=1, le=LARGEST_ID, strict=True)]
type Address = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4096)
]


def _null_is_empty(value: Any) -> Any:
    return [] if value is None else value


class Camel(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")


class VariantRow(Camel):
    """A variant of the catalog."""

    variant_id: VariantId
    variant_title: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    product_id: VariantId
    product_title: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    image_url: Annotated[str, Field(json_schema_extra={"format": "uri"})] | None = None


class CandidatesRequest(Camel):
    variant_ids: Annotated[list[VariantId], Field(min_length=1, max_length=MOST_VARIANTS)]


class VariantChoice(Camel):
    """A variant with 1 to 4 product images: signed URLs of ours, or https URLs."""

    variant_id: VariantId
    product_image_urls: Annotated[
        list[Address],
        BeforeValidator(_null_is_empty),
        Field(json_schema_extra={"minItems": 1, "maxItems": 4}),
    ] = []


class VariantSettings(Camel):
    schema_key: Annotated[str, StringConstraints(max_length=100)]
    number_of_variations: Annotated[int, Field(ge=1, le=MOST_VARIATIONS, strict=True)] = 1
    input: dict[str, Any] = {}


class VariantBatchRequest(BatchOptions):
    """A batch of product variants."""

    variants: Annotated[list[VariantChoice], Field(min_length=1, max_length=MOST_VARIANTS)]
    settings: VariantSettings
