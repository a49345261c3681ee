"""Response models of templates."""

from imagebatch.domain.model_registry import Quality
from imagebatch.schemas.answer_fields import ResponseModel, Timestamp


class TemplateColumn(ResponseModel):
    required: bool | None
    default: str
    one_of: list[str]
    max_length: int | None


class TemplateAnswer(ResponseModel):
    name: str
    prompt: str
    file_name: str
    columns: dict[str, TemplateColumn]
    model: str | None
    aspect_ratio: str | None
    quality: Quality | None
    fallback: list[str]
    built_in: bool
    updated_at: Timestamp | None


class TemplateList(ResponseModel):
    items: list[TemplateAnswer]
    next_cursor: str | None
