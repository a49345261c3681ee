"""Rules of the variant intake: from variants with reference images to items, one directory each."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

from imagebatch.domain.asset_library import Folder, VariantFolder, folder_name
from imagebatch.domain.batch import Batch
from imagebatch.domain.batch_manifest import BatchManifest
from imagebatch.domain.item import ItemSpec
from imagebatch.domain.model_registry import ImageModel, Quality
from imagebatch.domain.notice import warning
from imagebatch.domain.statuses import Kind
from imagebatch.intake.catalog import Variant
from imagebatch.intake.file_names import safe_stem, unique_stems
from imagebatch.intake.prompts import default_custom_id
from imagebatch.intake.settings_schema import PRODUCT_IMAGES, SettingsSchema
from imagebatch.structs import Struct

MAX_VARIANTS = 100
MAX_VARIATIONS = 8
MAX_PRODUCT_IMAGES = 4
_OUR_WORDS = frozenset({"prompt", "aspect_ratio", "images"})


class VariantSelection(Struct, frozen=True):
    """A variant and its product images, each as stored: `s3:` plus one of our keys, or a URL."""

    variant: Variant
    images: tuple[str, ...]


class ShotSettings(Struct, frozen=True):
    """The settings of a variant batch; `user_input` has its images as stored."""

    schema: SettingsSchema
    user_input: Mapping[str, Any]
    variations: int

    @property
    def images(self) -> dict[str, str]:
        """Return the images among the settings, by field."""
        fields = self.schema.image_fields
        return {name: str(self.user_input[name]) for name in fields if self.user_input.get(name)}

    @property
    def aspect_ratio(self) -> str | None:
        ratio = self.schema.value(self.user_input, "aspect_ratio")
        return str(ratio) if ratio else None


def plan_variants(
    choices: Sequence[VariantSelection],
    shot: ShotSettings,
    *,
    model: ImageModel,
    price: Callable[[int], Decimal],
    quality: Quality = Quality.STANDARD,
) -> BatchManifest:
    """Plan `shot.variations` images for each choice; those of one choice are adjacent.

    `price` is the maximum price of an item with that many images.
    """
    folders = unique_stems(_directory(choice.variant) for choice in choices)
    items = [
        _planned(choice, shot, folder, number, model, price, quality)
        for choice, folder in zip(choices, folders, strict=True)
        for number in range(1, shot.variations + 1)
    ]
    stems = unique_stems(item["stem"] for item in items)
    planned = tuple(
        ItemSpec(**{**item, "index": index, "custom_id": default_custom_id(index), "stem": stem})
        for index, (item, stem) in enumerate(zip(items, stems, strict=True))
    )
    unknown = shot.schema.unknown(shot.user_input)
    message = f"Unknown settings are recorded only: {', '.join(unknown)[:200]}."
    notices = (warning("unknown-settings", message),) if unknown else ()
    return BatchManifest(Kind.VARIANTS, (), planned, notices)


def folder_of(batch: Batch, plan: BatchManifest) -> Folder:
    """Return the folders of a batch, derived from its manifest."""
    return Folder(
        batch_id=batch.id,
        name=folder_name(batch),
        created_at=batch.created_at,
        variants=tuple(_variant_folders(plan)),
    )


def _variant_folders(plan: BatchManifest) -> Iterator[VariantFolder]:
    for variant_id, found in groupby(plan.items, lambda item: item.variant_id):
        items = list(found)
        if variant_id is not None:
            yield VariantFolder(variant_id, items[0].archive_dir, items[0].index, len(items))


def _planned(
    choice: VariantSelection,
    shot: ShotSettings,
    folder: str,
    number: int,
    model: ImageModel,
    price: Callable[[int], Decimal],
    quality: Quality,
) -> dict[str, Any]:
    """Return a planned item's fields, except those that depend on its position in the batch."""
    images = (*choice.images, *shot.images.values())
    prompt = shot.schema.prompt(shot.user_input, _words(choice, shot))
    handed_on = {
        model.fields[name]: value
        for name, value in shot.user_input.items()
        if name in model.fields and name not in _OUR_WORDS and value is not None
    }
    return {
        "row": None,
        "prompt": prompt,
        "stem": f"{folder}-{number}",
        "price": price(len(images)),
        "quality": quality,
        "input": handed_on
        | model.input_for(prompt=prompt, aspect_ratio=shot.aspect_ratio, quality=quality),
        "aspect_ratio": shot.aspect_ratio,
        "images": images,
        "archive_dir": folder,
        "variant_id": choice.variant.id,
        "settings": {**shot.user_input, PRODUCT_IMAGES: list(choice.images)},
    }


def _words(choice: VariantSelection, shot: ShotSettings) -> dict[str, str]:
    """Return the prompt's values besides the form: the product, and which image shows what."""
    variant, last = choice.variant, len(choice.images)
    product = f"reference images 1 to {last}" if last > 1 else "reference image 1"
    others = {
        name: f"reference image {number}" for number, name in enumerate(shot.images, start=last + 1)
    }
    return {
        "subject": variant.subject,
        "variant_title": variant.title,
        "product_title": variant.product_title,
        PRODUCT_IMAGES: product,
        **others,
    }


def _directory(variant: Variant) -> str:
    name = safe_stem(" ".join(variant.subject.replace("/", " ").split()))
    return name or f"variant-{variant.id}"
