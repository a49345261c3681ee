"""Model selection: the models that this stack can use, and those that support a batch."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from imagebatch.domain.errors import InvalidRequestError, UnprocessableError
from imagebatch.domain.model_registry import ImageModel, Mode, ModelRegistry, Quality
from imagebatch.structs import Struct, field

DEFAULT_ALIASES = frozenset({"", "claude"})
"""Older clients send `claude` for the default."""
MAX_FALLBACKS = 3


class Requirement(Struct, frozen=True, kw_only=True):
    """What one item requires of a model; `row` and `custom_id` identify the item."""

    row: int | None = None
    custom_id: str = ""
    aspect_ratio: str | None = None
    quality: Quality = Quality.STANDARD
    images: int = 0
    seed: bool = False


class UsableModels(Struct, frozen=True, kw_only=True):
    """The registry as this stack can use it now.

    `providers` are those with a key, none means development mode; `gone` are the models that their
    provider no longer has, `checked` is when each was last looked up there.
    """

    registry: ModelRegistry
    providers: frozenset[str]
    gone: frozenset[str] = frozenset()
    checked: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def mode(self) -> Mode:
        return Mode.LIVE if self.providers else Mode.DEVELOPMENT

    def unusable_reason(self, model: ImageModel) -> str | None:
        """Why a new batch cannot run on the model, or None."""
        if model.retired:
            since = f" on {model.retired_on}" if model.retired_on else ""
            return f"The model was retired{since}."
        if model.id in self.gone:
            return f"The provider {model.provider} no longer has the model."
        if self.providers and model.provider not in self.providers:
            return f"No key for the provider {model.provider} is configured."
        return None

    def default(self, *, with_images: bool = False) -> ImageModel:
        """Return the first default that can be used."""
        registry = self.registry
        names = registry.defaults_with_images if with_images else registry.defaults
        for name in names:
            model = registry.models[name]
            if self.unusable_reason(model) is None:
                return model
        raise UnprocessableError(
            "model-unusable",
            "No default model can be used",
            detail="This stack can use none of the default models: choose a `model`.",
        )

    def unknown_reason(self, name: str | None) -> str | None:
        """Return the message for a name that is not in the registry, or None."""
        wanted = (name or "").strip()
        if wanted in DEFAULT_ALIASES or wanted in self.registry.models:
            return None
        known = ", ".join(sorted(self.registry.models))
        return f"The model {wanted[:100]!r} is not in the registry. Known models: {known}."

    def find(self, name: str | None, *, with_images: bool = False) -> ImageModel:
        """The model a client named, or the default; UnprocessableError if it is unusable."""
        wanted = (name or "").strip()
        if wanted in DEFAULT_ALIASES:
            return self.default(with_images=with_images)
        unknown = self.unknown_reason(wanted)
        if unknown is not None:
            raise UnprocessableError("unknown-model", "Unknown model", detail=unknown)
        model = self.registry.models[wanted]
        reason = self.unusable_reason(model)
        if reason is not None:
            raise self._unusable(model, reason)
        return model

    def chain(
        self, name: str | None, fallback: Sequence[str] = (), *, with_images: bool = False
    ) -> tuple[ImageModel, ...]:
        """Return the model and its fallbacks, each once."""
        first = self.find(name, with_images=with_images)
        others = (self.find(each) for each in fallback if each.strip())
        return tuple({model.id: model for model in (first, *others)}.values())

    def price(self, models: Sequence[ImageModel], quality: Quality, images: int = 0) -> Decimal:
        """Return the amount to reserve for one item: the highest price of the chain."""
        if self.mode is Mode.DEVELOPMENT:
            return self.registry.development_price
        prices = (model.max_price(quality, images) for model in models if model.offer(quality))
        return max(prices, default=Decimal(0))

    def check(self, models: Sequence[ImageModel], needs: Iterable[Requirement]) -> None:
        """UnprocessableError for everything that a model of the chain cannot make."""
        details = [
            self._detail(model, need, reason)
            for need in needs
            for model in models
            for reason in shortfalls(model, need)
        ]
        if details:
            raise _cannot_make(details)

    def able(self, need: Requirement) -> list[str]:
        """Return the usable models that support an item."""
        return [
            model.id
            for model in self.registry.models.values()
            if self.unusable_reason(model) is None and not any(shortfalls(model, need))
        ]

    def _detail(self, model: ImageModel, need: Requirement, reason: str) -> dict[str, Any]:
        return {
            "row": need.row,
            "customId": need.custom_id or None,
            "model": model.id,
            "reason": reason,
            "alternatives": self.able(need),
        }

    def _successors(self, model: ImageModel) -> Iterator[str]:
        seen = {model.id}
        while (following := self.registry.models.get(model.successor)) and following.id not in seen:
            model = following
            seen.add(model.id)
            if self.unusable_reason(model) is None:
                yield model.id

    def _unusable(self, model: ImageModel, reason: str) -> InvalidRequestError:
        no_longer = model.retired or model.id in self.gone
        others = list(self._successors(model))
        advice = f" Use {others[0]} instead." if others else " Choose another `model`."
        return UnprocessableError(
            "model-retired" if no_longer else "model-unusable",
            "Model is no longer available" if no_longer else "Model cannot be used",
            detail=f"{model.id}: {reason}{advice}",
            details=[
                {
                    "row": None,
                    "customId": None,
                    "model": model.id,
                    "reason": reason,
                    "alternatives": others,
                    "successor": model.successor or None,
                }
            ],
        )


def shortfalls(model: ImageModel, need: Requirement) -> Iterator[str]:
    """Return why a model does not support an item."""
    if need.aspect_ratio and need.aspect_ratio not in model.aspect_ratios:
        listed = ", ".join(model.aspect_ratios)
        yield f"has no aspect ratio {need.aspect_ratio}; it supports {listed}"
    if model.offer(need.quality) is None:
        offered = ", ".join(offer.name for offer in model.qualities)
        yield f"has no {need.quality} quality; it offers {offered}"
    if need.images > model.max_images:
        limit = f"at most {model.max_images}" if model.max_images else "no"
        yield f"accepts {limit} reference images; the item has {need.images}"
    if need.images < model.min_images:
        yield f"needs at least {model.min_images} reference image"
    if need.seed and not model.supports_seed:
        yield "does not accept a seed"


def _cannot_make(details: Sequence[dict[str, Any]]) -> InvalidRequestError:
    first = details[0]
    where = f" (row {first['row']})" if first["row"] else ""
    others = first["alternatives"]
    advice = f" These models can: {', '.join(others)}." if others else ""
    more = f" {len(details)} problems in all." if len(details) > 1 else ""
    return UnprocessableError(
        "model-cannot-serve",
        "Model cannot make this batch",
        detail=f"{first['model']} {first['reason']}{where}.{advice}{more}",
        details=details,
    )
