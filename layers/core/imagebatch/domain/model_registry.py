"""The model registry: what the product knows of each image model. A new model is a new entry."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from imagebatch.domain.errors import InvalidRequestError

DEFAULT_ALIASES = frozenset({"", "claude"})


class Mode(StrEnum):
    LIVE = "live"
    DEVELOPMENT = "development"


class Quality(StrEnum):
    STANDARD = "standard"
    HD = "hd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One entry of the registry.

    `prices` are USD an image by quality: a quality that is not there is not offered. `fields` maps
    our words (`prompt`, `aspect_ratio`, `images`) to the model's input names; a word that is
    missing is not sent. `aspect_ratios` maps ours to the model's inputs where one name does not do
    (RunPod's width and height). `typical_seconds` is when a first look at a prediction pays.
    """

    id: str
    provider: str
    prices: Mapping[Quality, Decimal]
    fields: Mapping[str, str]
    constants: Mapping[str, Any] = field(default_factory=dict)
    quality_inputs: Mapping[Quality, Mapping[str, Any]] = field(default_factory=dict)
    aspect_inputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    max_images: int = 0
    images_as_list: bool = True
    typical_seconds: float = 6.0
    upstream: str = ""
    """The name the provider knows the model by, where it is not the id."""

    def price(self, quality: Quality = Quality.STANDARD) -> Decimal:
        return self.prices[quality]

    def input_for(
        self,
        *,
        prompt: str,
        aspect_ratio: str | None,
        images: tuple[str, ...] = (),
        quality: Quality = Quality.STANDARD,
    ) -> dict[str, Any]:
        """What the provider is sent, in the model's own names."""
        values: dict[str, Any] = {self.fields["prompt"]: prompt, **self.constants}
        if aspect_ratio and "aspect_ratio" in self.fields:
            values[self.fields["aspect_ratio"]] = aspect_ratio
        if aspect_ratio:
            values.update(self.aspect_inputs.get(aspect_ratio, {}))
        if images and "images" in self.fields:
            values[self.fields["images"]] = list(images) if self.images_as_list else images[0]
        values.update(self.quality_inputs.get(quality, {}))
        return values


@dataclass(frozen=True, slots=True)
class ModelRegistry:
    default_id: str
    development_price: Decimal
    models: Mapping[str, Model]
    default_with_images: str = ""
    """The default where reference images are the point; empty is the default model."""

    def find(self, name: str | None) -> Model:
        """The model a client named; omitted, or the older clients' `claude`, is the default."""
        wanted = (name or "").strip()
        if wanted in DEFAULT_ALIASES:
            wanted = self.default_id
        try:
            return self.models[wanted]
        except KeyError:
            known = ", ".join(sorted(self.models))
            raise InvalidRequestError(
                "unknown-model",
                "Unknown model",
                detail=f"The model {wanted!r} is not in the registry. Known models: {known}.",
                status=422,
            ) from None

    def find_for_images(self, name: str | None) -> Model:
        """As `find`, but by default a model that takes reference images."""
        model = self.find(name)
        if (name or "").strip() in DEFAULT_ALIASES and not model.max_images:
            return self.models.get(self.default_with_images, model)
        return model


def parse_registry(text: str, default_id: str = "") -> ModelRegistry:
    """Reads the registry's TOML; `default_id` (a setting) wins over the file's own default."""
    data = tomllib.loads(text)
    models = {
        entry["id"]: Model(
            **{
                **entry,
                "prices": {Quality(q): Decimal(p) for q, p in entry["prices"].items()},
                "quality_inputs": {
                    Quality(q): v for q, v in entry.get("quality_inputs", {}).items()
                },
            }
        )
        for entry in data["models"]
    }
    default, with_images = default_id or data["default"], data.get("default_with_images", "")
    if default not in models:
        raise ValueError(f"DefaultModel names {default!r}, which is not in the model registry")
    if with_images and not models[with_images].max_images:
        raise ValueError(f"default_with_images names {with_images!r}, which takes no images")
    return ModelRegistry(default, Decimal(data["development_price"]), models, with_images)
