"""Requests that open the next round of a batch, or choose a version of an image."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from imagebatch.domain.model_choice import MAX_FALLBACKS
from imagebatch.domain.shares import MAX_HOURS
from imagebatch.schemas.request_fields import PRINTABLE, MaxCost, QualityName, whole

MAX_NOTE = 1_000
MAX_SEED = 2**32 - 1


class RoundBody(BaseModel):
    """The options of a new round; an absent option keeps its value of the previous round."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="ignore", defer_build=True
    )

    model: Annotated[
        Annotated[str, StringConstraints(max_length=200)] | None,
        Field(description="Another model of `GET /api/models`."),
    ] = None
    fallback: Annotated[
        list[Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]] | None,
        Field(max_length=MAX_FALLBACKS),
    ] = None
    quality: QualityName = None
    max_cost: Annotated[
        MaxCost, Field(description="The new maximum cost of the batch, over all of its rounds.")
    ] = None


class RedoBody(RoundBody):
    """Which items to regenerate, and how. Without `seed`, a redo ignores the row's seed."""

    items: Annotated[
        list[Annotated[str, StringConstraints(min_length=1, max_length=64)]],
        Field(min_length=1, max_length=100_000, description="Custom IDs."),
    ]
    note: Annotated[
        Annotated[
            str,
            StringConstraints(strip_whitespace=True, max_length=MAX_NOTE, pattern=PRINTABLE),
        ]
        | None,
        Field(
            description="Appended to the prompt. Replaces an earlier note; empty removes it.",
            examples=["wheels straight"],
        ),
    ] = None
    seed: Annotated[
        Annotated[int, Field(ge=0, le=MAX_SEED, strict=True)] | None,
        BeforeValidator(whole),
    ] = None


class ChoiceBody(BaseModel):
    model_config = ConfigDict(extra="ignore", defer_build=True)

    version: Annotated[int, Field(ge=1, strict=True), BeforeValidator(whole)]


class RenameBody(BaseModel):
    model_config = ConfigDict(extra="ignore", defer_build=True)

    name: Annotated[
        str, StringConstraints(strip_whitespace=True, max_length=200, pattern=PRINTABLE)
    ]


class ShareBody(BaseModel):
    model_config = ConfigDict(extra="ignore", defer_build=True)

    hours: Annotated[int, Field(ge=1, le=MAX_HOURS, strict=True), BeforeValidator(whole)]
