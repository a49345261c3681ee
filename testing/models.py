"""Models and registries for tests: valid by default; a test sets what it cares about."""

from collections.abc import Callable
from decimal import Decimal
from importlib.resources import files
from typing import Any

from imagebatch.domain.model_choice import UsableModels
from imagebatch.domain.model_entries import parse_registry
from imagebatch.domain.model_registry import (
    ImageModel,
    ModelRegistry,
    PriceUnit,
    Quality,
    QualityOffer,
)

RATIOS = ("1:1", "16:9", "9:16", "4:3", "3:4")


def a_model(
    id: str = "m",  # noqa: A002
    *,
    price: str = "0.05",
    hd: str = "",
    unit: PriceUnit = PriceUnit.IMAGE,
    **fields: Any,
) -> ImageModel:
    offers = [QualityOffer(name=Quality.STANDARD, price=Decimal(price), unit=unit)]
    if hd:
        inputs = {"resolution": "2K"}
        offers.append(QualityOffer(name=Quality.HD, price=Decimal(hd), unit=unit, inputs=inputs))
    return ImageModel(
        **{
            "id": id,
            "provider": "scripted",
            "qualities": tuple(offers),
            "fields": {"prompt": "prompt"},
            "aspect_ratios": RATIOS,
            "typical_seconds": 2.0,
            **fields,
        }
    )


def a_registry(*models: ImageModel, with_images: tuple[str, ...] = ()) -> ModelRegistry:
    """The first model is the default; those with images are in order."""
    return ModelRegistry(
        models={model.id: model for model in models},
        defaults=(models[0].id,),
        defaults_with_images=with_images or tuple(m.id for m in models if m.max_images),
        development_price=Decimal("0.035"),
    )


def built_in(id: str) -> ImageModel:  # noqa: A002
    """An entry of the built-in registry."""
    return parse_registry((files("imagebatch.data") / "models.toml").read_text("utf-8")).models[id]


def usable(
    registry: ModelRegistry, *providers: str, gone: frozenset[str] = frozenset()
) -> Callable[[], UsableModels]:
    """The usable models, with these providers' keys."""
    found = UsableModels(registry=registry, providers=frozenset(providers), gone=gone)
    return lambda: found
