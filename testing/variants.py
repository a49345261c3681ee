"""A catalog, settings and selections for tests: valid by default."""

from importlib.resources import files
from typing import Any

from imagebatch.intake.catalog import Variant
from imagebatch.intake.settings_schema import SettingsSchema, parse_schema
from imagebatch.intake.variants import ShotSettings, VariantSelection


def a_variant(id: int = 1, **fields: Any) -> Variant:  # noqa: A002
    return Variant(
        **{
            "id": id,
            "title": f"Linen shirt / Size {id}",
            "product_id": 10,
            "product_title": "Linen shirt",
            "image_url": f"https://shop.example.com/{id}.jpg",
            **fields,
        }
    )


def product_shot() -> SettingsSchema:
    text = (files("imagebatch.data") / "schemas" / "product-shot.json").read_text("utf-8")
    return parse_schema(text)


def shot_settings(variations: int = 1, **user_input: Any) -> ShotSettings:
    return ShotSettings(product_shot(), user_input, variations)


def variant_selection(id: int = 1, *images: str, **fields: Any) -> VariantSelection:  # noqa: A002
    return VariantSelection(a_variant(id, **fields), images or ("https://shop.example.com/a.jpg",))
