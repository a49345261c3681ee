"""The built-in registry, and what an overlay may and may not say."""

import re
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest

from imagebatch.domain.model_choice import UsableModels
from imagebatch.domain.model_entries import EntryError, apply_overlay, parse_registry
from imagebatch.domain.model_registry import ModelState, PriceUnit, Quality
from testing.models import RATIOS

REGISTRY = parse_registry((files("imagebatch.data") / "models.toml").read_text("utf-8"))
NEW = """
[[models]]
id = "acme/new"
provider = "replicate"
aspect_ratios = ["1:1"]
qualities.standard = { price = "0.02" }
fields = { prompt = "prompt", aspect_ratio = "aspect_ratio" }
"""


@pytest.mark.parametrize(
    ("provider", "entries", "with_images"), [("replicate", 10, 5), ("runpod", 6, 2), ("fal", 2, 1)]
)
def test_registry_has_enough_models_of_each_provider(
    provider: str, entries: int, with_images: int
) -> None:
    found = [m for m in REGISTRY.models.values() if m.provider == provider]
    assert len(found) >= entries
    assert len([m for m in found if m.max_images and not m.retired]) >= with_images


@pytest.mark.parametrize(
    ("providers", "plain", "with_images"),
    [
        (["replicate"], "google/nano-banana-2.1", "google/nano-banana-2.1"),
        (["runpod"], "runpod/seedream-v4", "runpod/seedream-v4"),
        (["fal"], "fal/nano-banana-2.1", "fal/nano-banana-2.1"),
        ([], "google/nano-banana-2.1", "google/nano-banana-2.1"),
    ],
)
def test_any_one_key_makes_every_kind_of_batch(
    providers: list[str], plain: str, with_images: str
) -> None:
    found = UsableModels(registry=REGISTRY, providers=frozenset(providers))
    assert found.find(None).id == plain
    assert found.find(None, with_images=True).id == with_images
    assert set(RATIOS) <= set(found.find(None).aspect_ratios)


def test_imagen_3_stays_first_among_the_defaults() -> None:
    first = REGISTRY.models[REGISTRY.defaults[0]]
    assert (first.id, first.state) == ("google/imagen-3", ModelState.RETIRED)
    assert (first.retired_on, first.successor) == ("2026-06-30", "google/nano-banana-2.1")


@pytest.mark.parametrize(
    ("model", "quality", "price"),
    [
        ("google/nano-banana-2.1", "standard", "0.0336"),
        ("google/nano-banana-2.1", "hd", "0.0504"),
        ("google/nano-banana-2.1", "ultra", "0.113"),
        ("google/nano-banana-2", "hd", "0.101"),
        ("google/nano-banana-pro", "ultra", "0.24"),
        ("openai/gpt-image-2", "hd", "0.053"),
        ("runpod/nano-banana-2-edit", "hd", "0.13"),
        ("fal/nano-banana-2.1", "standard", "0.040"),
    ],
)
def test_prices_are_those_of_the_providers(model: str, quality: str, price: str) -> None:
    assert REGISTRY.models[model].max_price(Quality(quality)) == Decimal(price)


def test_flux_schnell_on_runpod_is_priced_by_the_megapixel() -> None:
    model = REGISTRY.models["runpod/flux-1-schnell"]
    assert [offer.unit for offer in model.qualities] == [PriceUnit.MEGAPIXEL]
    for ratio in model.aspect_ratios:
        size = model.aspect_inputs[ratio]
        assert size["width"] * size["height"] <= 1_000_000 * model.max_output_megapixels


def test_every_entry_says_where_it_comes_from() -> None:
    assert all(model.sources and model.checked_on for model in REGISTRY.models.values())


def test_sizes_have_the_ratio_they_are_for() -> None:
    for model in REGISTRY.models.values():
        for ratio, inputs in model.aspect_inputs.items():
            sizes = inputs.get("image_size", inputs)
            text = sizes.get("size") or f"{sizes['width']}*{sizes['height']}"
            (width, height), (across, down) = (
                map(int, pair.split(separator)) for pair, separator in ((text, "*"), (ratio, ":"))
            )
            assert width * down == pytest.approx(height * across, rel=0.02), (model.id, ratio)


def test_overlay_adds_corrects_and_retires() -> None:
    overlay = (
        NEW
        + """
[[models]]
id = "google/nano-banana-2.1"
qualities.standard = { price = 0.05 }
[[models]]
id = "google/imagen-3"
state = "available"
[[models]]
id = "google/nano-banana-pro"
state = "retired"
retired_on = 2026-12-01
successor = "acme/new"
"""
    )
    found = apply_overlay(REGISTRY, overlay.encode())
    assert found.models["acme/new"].max_price() == Decimal("0.02")
    corrected = found.models["google/nano-banana-2.1"]
    assert [o.name for o in corrected.qualities] == [Quality.STANDARD]
    assert corrected.max_images == 14
    usable = UsableModels(registry=found, providers=frozenset({"replicate"}))
    assert usable.find(None).id == "google/imagen-3"
    assert found.models["google/nano-banana-pro"].retired_on == "2026-12-01"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('provider = "replicate"', 'provider = "development"'),
        ('provider = "replicate"', 'provider = "replicate"\nbase_url = "https://evil.example"'),
        ('provider = "replicate"', 'provider = "replicate"\nupstream = "https://evil.example/x"'),
        ('provider = "replicate"', 'provider = "runpod"\nupstream = "../../v1/x"'),
        ('provider = "replicate"', 'provider = "fal"\nupstream = "fal-ai/../admin"'),
        ('provider = "replicate"', 'provider = "replicate"\nsuccessor = "nobody/none"'),
        ('provider = "replicate"', 'provider = "replicate"\ntypical_seconds = nan'),
        ('provider = "replicate"', 'provider = "replicate"\nmax_images = "many"'),
        ('provider = "replicate"', 'provider = "replicate"\nretired_on = "soon"'),
        ('"acme/new"', '"new"'),
        ('"0.02"', '"0"'),
        ('"0.02"', '"-1"'),
        ('"0.02"', "nan"),
        ('"0.02"', "inf"),
        ('"0.02"', '"1e9"'),
        ('"0.02"', '"dear"'),
        ('"0.02" }', '"0.02", unit = "gram" }'),
        ('"0.02" }', '"0.02", unit = "megapixel" }'),
        ('["1:1"]', '["square"]'),
        ('["1:1"]', "[]"),
        ('["1:1"]', "7"),
        ("fields = {", "fields = { host = 'h',"),
        ("[[models]]", "[models]"),
        ("[[models]]", 'defaults = ["nobody/none"]\n[[models]]'),
        ("[[models]]", 'hosts = ["evil.example"]\n[[models]]'),
        ("[[models]]", "[[models"),
    ],
)
def test_invalid_overlay_is_refused_whole(old: str, new: str) -> None:
    assert old in NEW
    with pytest.raises(EntryError):
        apply_overlay(REGISTRY, NEW.replace(old, new, 1).encode())


@pytest.mark.parametrize("body", [b"#" * 70_000, b"\xff\xfe", b"a = " + b"[" * 5_000])
def test_unreadable_overlay_is_refused(body: bytes) -> None:
    with pytest.raises(EntryError):
        apply_overlay(REGISTRY, body)


def test_documented_overlay_is_valid() -> None:
    page = (Path(__file__).parents[2] / "docs" / "models.md").read_text()
    entries = re.findall(r"^```toml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)

    assert len(entries) == 2
    for entry in entries:
        assert apply_overlay(REGISTRY, entry.encode()) != REGISTRY


def test_empty_overlay_changes_nothing() -> None:
    assert apply_overlay(REGISTRY, b"") == REGISTRY


def test_stack_default_comes_before_the_others() -> None:
    plain = REGISTRY.preferring("black-forest-labs/flux-schnell")
    assert plain.defaults[0] == "black-forest-labs/flux-schnell"
    assert plain.defaults_with_images == REGISTRY.defaults_with_images
    seeing = REGISTRY.preferring("google/nano-banana-pro")
    assert seeing.defaults_with_images[0] == "google/nano-banana-pro"
    assert REGISTRY.preferring("nobody/none") == REGISTRY
