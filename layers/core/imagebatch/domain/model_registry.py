"""The model registry: the properties of each image model. A new model is a new entry.

`model_entries` reads entries, `model_choice` selects the models of a batch.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum
from typing import Any

from imagebatch.structs import Struct, field, replace

PIXELS_OF_A_MEGAPIXEL = 1_000_000


class Mode(StrEnum):
    LIVE = "live"
    DEVELOPMENT = "development"


class Quality(StrEnum):
    STANDARD = "standard"
    HD = "hd"
    ULTRA = "ultra"


class PriceUnit(StrEnum):
    IMAGE = "image"
    MEGAPIXEL = "megapixel"


class ModelState(StrEnum):
    AVAILABLE = "available"
    RETIRED = "retired"


class QualityOffer(Struct, frozen=True, kw_only=True):
    """A quality of a model: `price` is USD per `unit`, `inputs` are the inputs that request it."""

    name: Quality
    price: Decimal
    unit: PriceUnit = PriceUnit.IMAGE
    inputs: Mapping[str, Any] = field(default_factory=dict)


class ImageModel(Struct, frozen=True, kw_only=True):
    """One entry of the registry; data/models.toml describes each field."""

    id: str
    provider: str
    qualities: tuple[QualityOffer, ...]
    fields: Mapping[str, str]
    upstream: str = ""
    """The provider's name for the model; if empty, the ID."""
    upstream_with_images: str = ""
    """The name for requests with reference images, if the provider uses a different one."""
    aspect_ratios: tuple[str, ...] = ()
    aspect_inputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)
    min_images: int = 0
    max_images: int = 0
    images_as_list: bool = True
    supports_seed: bool = False
    typical_seconds: float = 6.0
    max_output_megapixels: int = 0
    max_reference_megapixels: int = 0
    state: ModelState = ModelState.AVAILABLE
    retired_on: str = ""
    successor: str = ""
    checked_on: str = ""
    unverified: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    @property
    def retired(self) -> bool:
        return self.state is ModelState.RETIRED

    def offer(self, quality: Quality) -> QualityOffer | None:
        return next((each for each in self.qualities if each.name is quality), None)

    def max_price(self, quality: Quality = Quality.STANDARD, images: int = 0) -> Decimal:
        """The maximum cost of one image, used for estimates and limits."""
        return self._price(quality, self.max_output_megapixels, images)

    def actual_price(self, quality: Quality, width: int, height: int, images: int = 0) -> Decimal:
        """The cost of a delivered image, never more than `max_price`; megapixels are rounded up.

        Reference images count at their maximum, because they are not measured.
        """
        pixels = Decimal(width * height) / PIXELS_OF_A_MEGAPIXEL
        delivered = int(pixels.to_integral_value(ROUND_CEILING))
        return self._price(quality, min(delivered, self.max_output_megapixels), images)

    def _price(self, quality: Quality, megapixels: int, images: int) -> Decimal:
        offer = self.offer(quality)
        if offer is None:
            raise ValueError(f"{self.id} has no {quality} quality")
        if offer.unit is PriceUnit.IMAGE:
            return offer.price
        return offer.price * (megapixels + images * self.max_reference_megapixels)

    @property
    def upstream_names(self) -> tuple[str, ...]:
        """Every name by which the provider knows the model."""
        names = (self.upstream_for(images=False), self.upstream_for(images=True))
        return tuple(dict.fromkeys(names))

    def upstream_for(self, *, images: bool) -> str:
        if images and self.upstream_with_images:
            return self.upstream_with_images
        return self.upstream or self.id

    def input_for(
        self,
        *,
        prompt: str,
        aspect_ratio: str | None,
        images: tuple[str, ...] = (),
        quality: Quality = Quality.STANDARD,
        seed: int | None = None,
    ) -> dict[str, Any]:
        """Return the provider's input, with the model's own field names."""
        values: dict[str, Any] = {self.fields["prompt"]: prompt, **self.constants}
        if aspect_ratio and "aspect_ratio" in self.fields:
            values[self.fields["aspect_ratio"]] = aspect_ratio
        if aspect_ratio:
            values.update(self.aspect_inputs.get(aspect_ratio, {}))
        if images and "images" in self.fields:
            values[self.fields["images"]] = list(images) if self.images_as_list else images[0]
        if seed is not None and self.supports_seed:
            values[self.fields.get("seed", "seed")] = seed
        offer = self.offer(quality)
        return {**values, **(offer.inputs if offer else {})}

    def batch_copy(self, quality: Quality, aspect_ratios: AbstractSet[str]) -> "ImageModel":
        """Return the part of the entry that a batch stores, which is what it needs to run."""
        inputs = {
            each: self.aspect_inputs[each]
            for each in sorted(aspect_ratios & self.aspect_inputs.keys())
        }
        return replace(
            self,
            qualities=tuple(offer for offer in self.qualities if offer.name is quality),
            aspect_ratios=(),
            aspect_inputs=inputs,
            state=ModelState.AVAILABLE,
            unverified=(),
            sources=(),
            checked_on="",
            retired_on="",
            successor="",
        )


class ModelRegistry(Struct, frozen=True, kw_only=True):
    """Every entry by ID. `defaults` are in order: the first that a stack can use applies."""

    models: Mapping[str, ImageModel]
    defaults: tuple[str, ...]
    defaults_with_images: tuple[str, ...]
    development_price: Decimal

    @property
    def aspect_ratios(self) -> tuple[str, ...]:
        """Every aspect ratio that some model supports."""
        return tuple(
            dict.fromkeys(ratio for model in self.models.values() for ratio in model.aspect_ratios)
        )

    def preferring(self, default: str) -> "ModelRegistry":
        """Return the registry with a stack's own default first, if it is in the registry."""
        if default not in self.models:
            return self
        takes_images = self.models[default].max_images > 0
        with_images = (default, *self.defaults_with_images)
        return replace(
            self,
            defaults=(default, *self.defaults),
            defaults_with_images=with_images if takes_images else self.defaults_with_images,
        )
