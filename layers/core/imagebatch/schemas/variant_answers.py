"""Response models of the variant routes."""

from typing import Annotated, Any

from pydantic import Field

from imagebatch.schemas.answer_fields import Link, ResponseModel, Timestamp
from imagebatch.schemas.answers import BatchAnswer, NoticeAnswer
from imagebatch.schemas.submission_answers import Preview


class CatalogImported(ResponseModel):
    imported: int
    created: int
    updated: int
    warnings: list[str]
    notices: list[NoticeAnswer]


class CatalogVariant(ResponseModel):
    variant_id: int
    variant_title: str
    image_url: Link | None


class Product(ResponseModel):
    product_id: int
    product_title: str
    variants: list[CatalogVariant]


class ProductList(ResponseModel):
    """`limit` counts variants; a product that spans two pages is listed on both."""

    items: list[Product]
    next_cursor: str | None


class ImageAnswer(ResponseModel):
    id: str
    url: Link
    thumbnail_url: Link
    created_at: Timestamp


class UploadedImage(ResponseModel):
    id: str
    url: Link
    original_name: str
    created_at: Timestamp


class VariantCandidates(ResponseModel):
    variant_id: int
    product_id: int
    product_title: str
    variant_title: str
    variant_image_url: Link | None
    generated_images: list[ImageAnswer]


class CandidatesAnswer(ResponseModel):
    variants: list[VariantCandidates]
    uploads: list[UploadedImage]


class FolderImageAnswer(ImageAnswer):
    file: str


class FolderAnswer(ResponseModel):
    """A batch's shared folder, or the folder of one of its variants."""

    id: str
    name: str
    batch_id: str
    variant_id: int | None
    items: list[FolderImageAnswer]
    next_cursor: str | None


class FolderList(ResponseModel):
    items: list[FolderAnswer]
    next_cursor: str | None


class SchemaSummary(ResponseModel):
    key: str
    title: str
    description: str


class SchemaList(ResponseModel):
    items: list[SchemaSummary]
    next_cursor: str | None


class BatchVariant(ResponseModel):
    variant_id: int
    name: Annotated[str, Field(description="Of its folder, after the variant's titles.")]
    total: int
    done: int
    failed: int
    folder_id: str
    images: list[ImageAnswer]


class BatchWithFolder(BatchAnswer):
    folder_id: str


class BatchList(ResponseModel):
    items: list[BatchWithFolder]
    next_cursor: str | None


class FullBatch(BatchWithFolder):
    variants: list[BatchVariant]


class VariantBatchAccepted(FullBatch):
    credits: int
    status_url: Link


class VariantPreview(Preview):
    credits: int


SETTINGS_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "A JSON Schema (2020-12) of `settings.input`.",
    "properties": {
        "$schema": {"type": "string"},
        "$id": {"type": "string"},
        "title": {"type": "string"},
        "type": {"const": "object"},
        "properties": {"type": "object"},
        "required": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["$schema", "type", "properties", "required"],
}
