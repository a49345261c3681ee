"""Reads registry entries from TOML: the built-in file, and a stack's overlay.

An entry is validated as a whole before it is used, because an overlay is edited by hand while
batches run.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from imagebatch.domain.model_registry import (
    ImageModel,
    ModelRegistry,
    ModelState,
    PriceUnit,
    Quality,
    QualityOffer,
)
from imagebatch.structs import asdict, replace

PROVIDERS = ("replicate", "runpod", "fal")
MAX_OVERLAY_BYTES = 64 * 1024
MAX_ENTRIES = 200
MAX_PRICE = Decimal(100)
MAX_IMAGES = 32
MAX_MEGAPIXELS = 64
RATIO = re.compile(r"[1-9]\d{0,2}:[1-9]\d{0,2}", re.ASCII)
MODEL_ID = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}(/[A-Za-z0-9][A-Za-z0-9._-]{0,63}){1,3}", re.ASCII
)
_UPSTREAM = {
    "replicate": re.compile(r"[a-z0-9][\w.-]*/[a-z0-9][\w.-]*(:[0-9a-f]{64})?", re.ASCII),
    "runpod": re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,99}", re.ASCII),
    "fal": re.compile(r"[a-z0-9][\w.-]*(/[a-z0-9][\w.-]*){1,5}", re.ASCII),
}
_OUR_WORDS = frozenset({"prompt", "aspect_ratio", "images", "seed", "moodboard_id"})
_REQUIRED = frozenset({"id", "provider", "qualities", "fields", "aspect_ratios"})
_KNOWN = frozenset(ImageModel.__struct_fields__)


class EntryError(ValueError):
    """An invalid entry or file; the text says which and why."""


@cache
def parse_registry(text: str) -> ModelRegistry:
    """The built-in registry."""
    data = tomllib.loads(text)
    models = {entry["id"]: _entry(entry) for entry in data["models"]}
    return _checked(
        ModelRegistry(
            models=models,
            defaults=tuple(data["defaults"]),
            defaults_with_images=tuple(data["defaults_with_images"]),
            development_price=Decimal(data["development_price"]),
        )
    )


def apply_overlay(registry: ModelRegistry, body: bytes) -> ModelRegistry:
    """Return the registry with an overlay's entries added or corrected; EntryError if any is
    invalid.

    An entry with an existing ID changes the fields that it contains, one with a new ID must be
    complete. A list of defaults replaces the registry's.
    """
    data = _overlay(body)
    models = dict(registry.models)
    for entry in data.get("models", []):
        model = _overlaid(models, entry)
        models[model.id] = model
    if len(models) > MAX_ENTRIES:
        raise EntryError(f"the overlay results in more than {MAX_ENTRIES} models")
    return _checked(
        replace(
            registry,
            models=models,
            defaults=_names(data, "defaults", registry.defaults),
            defaults_with_images=_names(
                data, "defaults_with_images", registry.defaults_with_images
            ),
        )
    )


def _overlay(body: bytes) -> Mapping[str, Any]:
    if len(body) > MAX_OVERLAY_BYTES:
        raise EntryError(f"the overlay is larger than {MAX_OVERLAY_BYTES} bytes")
    try:
        data = tomllib.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise EntryError(f"the overlay is not TOML: {str(error)[:200]}") from None
    unknown = sorted(set(data) - {"models", "defaults", "defaults_with_images"})
    if unknown:
        raise EntryError(f"the overlay has unknown keys: {', '.join(unknown)[:200]}")
    entries = data.get("models", [])
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise EntryError("`models` must be an array of tables")
    return data


def _names(data: Mapping[str, Any], key: str, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    if key not in data:
        return otherwise
    names = data[key]
    if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
        raise EntryError(f"`{key}` must be a list of model ids")
    return tuple(names)


def _overlaid(models: Mapping[str, ImageModel], entry: Mapping[str, Any]) -> ImageModel:
    known = models.get(str(entry.get("id")))
    if known is None:
        return _entry(entry)
    return _entry({**asdict(known), **entry})


def _checked(registry: ModelRegistry) -> ModelRegistry:
    for name in (*registry.defaults, *registry.defaults_with_images):
        if name not in registry.models:
            raise EntryError(f"a default names {name!r}, which is not in the registry")
    for name in registry.defaults_with_images:
        if not registry.models[name].max_images:
            raise EntryError(f"{name} accepts no images and cannot be a default with images")
    for model in registry.models.values():
        if model.successor and model.successor not in registry.models:
            raise EntryError(
                f"{model.id}: its successor {model.successor!r} is not in the registry"
            )
    return registry


def _entry(entry: Mapping[str, Any]) -> ImageModel:
    name = str(entry.get("id"))[:100]
    missing = sorted(_REQUIRED - set(entry))
    unknown = sorted(set(entry) - _KNOWN)
    if missing or unknown:
        raise EntryError(f"{name}: missing {missing}, unknown {unknown}"[:300])
    try:
        model = ImageModel(**{**entry, **_converted(entry)})
        problem = next(_problems(model), None)
    except (TypeError, ValueError, ArithmeticError, KeyError, AttributeError) as error:
        raise EntryError(f"{name}: {str(error)[:200]}") from None
    if problem:
        raise EntryError(f"{name}: {problem}")
    return model


def _converted(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Convert the fields for which TOML has no type."""
    texts = ("aspect_ratios", "unverified", "sources")
    return {
        "qualities": tuple(_offers(entry["qualities"])),
        "state": ModelState(entry.get("state", ModelState.AVAILABLE)),
        "typical_seconds": float(entry.get("typical_seconds", 6.0)),
        "retired_on": _day(entry.get("retired_on", "")),
        "checked_on": _day(entry.get("checked_on", "")),
        **{name: tuple(entry.get(name, ())) for name in texts},
    }


def _day(value: Any) -> str:
    """A TOML date, or its text."""
    return date.fromisoformat(str(value)).isoformat() if value else ""


def _offers(qualities: Any) -> Iterator[QualityOffer]:
    if isinstance(qualities, tuple):
        yield from qualities
        return
    for name, offer in qualities.items():
        unknown = set(offer) - {"price", "unit", "inputs"}
        if unknown:
            raise ValueError(f"quality {name} has unknown keys: {sorted(unknown)}")
        yield QualityOffer(
            name=Quality(name),
            price=_price(str(offer["price"])),
            unit=PriceUnit(offer.get("unit", PriceUnit.IMAGE)),
            inputs=offer.get("inputs", {}),
        )


def _price(text: str) -> Decimal:
    try:
        price = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is no price") from None
    if not price.is_finite() or not 0 < price <= MAX_PRICE:
        raise ValueError(f"the price {text!r} is not above 0 and at most {MAX_PRICE} USD")
    return price


def _problems(model: ImageModel) -> Iterator[str]:
    if model.provider not in PROVIDERS:
        yield f"the provider must be one of {', '.join(PROVIDERS)}"
        return
    if not MODEL_ID.fullmatch(model.id):
        yield "the id must be such as owner/name"
    pattern = _UPSTREAM[model.provider]
    for name in (model.upstream_for(images=False), model.upstream_for(images=True)):
        if len(name) > 200 or not pattern.fullmatch(name):
            yield f"the upstream name {name[:100]!r} is not one of {model.provider}"
    yield from _ability_problems(model)
    yield from _input_problems(model)


def _ability_problems(model: ImageModel) -> Iterator[str]:
    if not model.qualities:
        yield "at least one quality is needed"
    if not model.aspect_ratios or not all(RATIO.fullmatch(each) for each in model.aspect_ratios):
        yield "aspect_ratios must list ratios such as 16:9"
    if not 0 <= model.min_images <= model.max_images <= MAX_IMAGES:
        yield f"min_images and max_images must be 0 to {MAX_IMAGES}"
    if not 0 < model.typical_seconds <= 600:
        yield "typical_seconds must be above 0 and at most 600"
    yield from _type_problems(model)
    yield from _megapixel_problems(model)


def _type_problems(model: ImageModel) -> Iterator[str]:
    for name in ("supports_seed", "images_as_list"):
        if not isinstance(getattr(model, name), bool):
            yield f"{name} must be true or false"


def _megapixel_problems(model: ImageModel) -> Iterator[str]:
    for name in ("max_output_megapixels", "max_reference_megapixels"):
        value = getattr(model, name)
        if type(value) is not int or not 0 <= value <= MAX_MEGAPIXELS:
            yield f"{name} must be 0 to {MAX_MEGAPIXELS}"
    by_pixels = any(offer.unit is PriceUnit.MEGAPIXEL for offer in model.qualities)
    if by_pixels and not model.max_output_megapixels:
        yield "a price a megapixel needs max_output_megapixels"


def _input_problems(model: ImageModel) -> Iterator[str]:
    yield from _field_problems(model)
    for name in ("constants", "aspect_inputs", "fields"):
        if not isinstance(getattr(model, name), Mapping):
            yield f"{name} must be a table"


def _field_problems(model: ImageModel) -> Iterator[str]:
    if "prompt" not in model.fields or not set(model.fields) <= _OUR_WORDS:
        yield f"fields must name `prompt` and may name {', '.join(sorted(_OUR_WORDS))}"
    if not all(isinstance(each, str) and each for each in model.fields.values()):
        yield "fields must be names of the model's inputs"
    if model.max_images and "images" not in model.fields:
        yield "a model with reference images needs fields.images"
    if "aspect_ratio" not in model.fields and set(model.aspect_ratios) - set(model.aspect_inputs):
        yield "each aspect ratio needs its aspect_inputs, where no field takes it"
