"""The base and the field types of all response models."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic.alias_generators import to_camel

from imagebatch.schemas.wire import iso_timestamp, money

type Money = Annotated[
    Decimal,
    PlainSerializer(money, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\d+\.\d{2,}$",
            "description": "USD",
            "examples": ["2.45"],
        }
    ),
]


type Timestamp = Annotated[
    datetime,
    PlainSerializer(iso_timestamp, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


type Link = Annotated[str, Field(json_schema_extra={"format": "uri"})]


class ResponseModel(BaseModel):
    """Serialised by name in the v1 API, by alias in all others. Built when it is first used."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", defer_build=True
    )

    def as_document(self, *, snake_case: bool = False) -> dict[str, Any]:
        """Return the JSON object; fields that were not set are absent."""
        return self.model_dump(mode="json", by_alias=not snake_case, exclude_unset=True)
