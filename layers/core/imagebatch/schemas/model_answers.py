"""Response models of the model registry."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

from pydantic import Field, PlainSerializer, WithJsonSchema

from imagebatch.domain.errors import InvalidRequestError
from imagebatch.domain.model_checks import CheckedModel, Presence
from imagebatch.domain.model_choice import UsableModels
from imagebatch.domain.model_registry import ImageModel, ModelState, PriceUnit, Quality
from imagebatch.schemas.answer_fields import ResponseModel, Timestamp

type UnitPrice = Annotated[
    Decimal,
    PlainSerializer(lambda price: f"{price:f}", return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\d+(\.\d+)?$",
            "description": "USD a unit",
            "examples": ["0.0024"],
        }
    ),
]
type Day = Annotated[str, Field(json_schema_extra={"format": "date"})]


class QualityAnswer(ResponseModel):
    name: Quality
    price: UnitPrice
    unit: PriceUnit


class ModelAnswer(ResponseModel):
    """`usable`: a new batch can run on the model now; `reason` says why not.

    `default`: a batch that names no model and has no reference images runs on it.
    """

    id: str
    provider: str
    state: ModelState
    usable: bool
    reason: str | None
    default: bool
    aspect_ratios: list[str]
    qualities: list[QualityAnswer]
    max_images: int
    supports_seed: bool
    typical_seconds: float
    retired_on: Day | None
    successor: str | None
    checked_at: Timestamp | None


class ModelList(ResponseModel):
    items: list[ModelAnswer]


class CheckedModelAnswer(ResponseModel):
    """`result` is what the provider says; `unclear` changes nothing.

    `inUse`: a default of the stack, or named by one of your templates or an unfinished batch.
    """

    id: str
    provider: str
    state: ModelState
    result: Presence
    reason: str | None
    in_use: bool
    successor: str | None
    checked_at: Timestamp | None


class ModelCheckAnswer(ResponseModel):
    """`healthy`: no model in use is retired or gone."""

    healthy: bool
    items: list[CheckedModelAnswer]


def model_check(checked: Sequence[CheckedModel]) -> ModelCheckAnswer:
    return ModelCheckAnswer(
        healthy=not any(each.in_use and each.unavailable for each in checked),
        items=[
            CheckedModelAnswer(
                id=each.model.id,
                provider=each.model.provider,
                state=each.model.state,
                result=each.sighting.presence,
                reason=each.sighting.reason or None,
                in_use=each.in_use,
                successor=each.model.successor or None,
                checked_at=each.checked_at,
            )
            for each in checked
        ],
    )


def model_list(models: UsableModels) -> ModelList:
    """Return every entry, in the order of the registry."""
    default = _default_id(models)
    return ModelList(
        items=[_answer(models, model, default) for model in models.registry.models.values()]
    )


def _default_id(models: UsableModels) -> str | None:
    try:
        return models.default().id
    except InvalidRequestError:
        return None


def _answer(models: UsableModels, model: ImageModel, default: str | None) -> ModelAnswer:
    reason = models.unusable_reason(model)
    return ModelAnswer(
        id=model.id,
        provider=model.provider,
        state=model.state,
        usable=reason is None,
        reason=reason,
        default=model.id == default,
        aspect_ratios=list(model.aspect_ratios),
        qualities=[
            QualityAnswer(name=offer.name, price=offer.price, unit=offer.unit)
            for offer in model.qualities
        ],
        max_images=model.max_images,
        supports_seed=model.supports_seed,
        typical_seconds=model.typical_seconds,
        retired_on=model.retired_on or None,
        successor=model.successor or None,
        checked_at=models.checked.get(model.id),
    )
