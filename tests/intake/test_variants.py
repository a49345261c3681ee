from copy import replace
from decimal import Decimal
from typing import Any

import pytest

from imagebatch.domain.asset_library import (
    VariantFolder,
    folder_id,
    library_image,
    parse_folder_id,
)
from imagebatch.domain.batch_manifest import BatchManifest, decode_manifest, encode_manifest
from imagebatch.domain.model_registry import ImageModel
from imagebatch.domain.statuses import ItemStatus, Kind
from imagebatch.intake.variants import ShotSettings, VariantSelection, folder_of, plan_variants
from imagebatch.usecases import keys
from testing.fakes.system import START
from testing.models import a_model
from testing.records import a_batch, an_image, an_item
from testing.variants import shot_settings, variant_selection

PRICE = Decimal("0.067")
IMAGE = an_image()
MODEL = a_model(
    price=str(PRICE),
    fields={"prompt": "prompt", "aspect_ratio": "aspect_ratio", "images": "image_input"},
    constants={"output_format": "png"},
    max_images=14,
)


def planned(
    *choices: VariantSelection, shot: ShotSettings | None = None, model: ImageModel = MODEL
) -> BatchManifest:
    return plan_variants(choices, shot or shot_settings(), model=model, price=lambda _: PRICE)


def test_every_variant_gets_its_variations_next_to_each_other() -> None:
    plan = planned(variant_selection(7), variant_selection(3), shot=shot_settings(3))
    assert plan.kind is Kind.VARIANTS
    assert [item.variant_id for item in plan.items] == [7, 7, 7, 3, 3, 3]
    assert [item.index for item in plan.items] == list(range(6))
    assert plan.items[5].custom_id == "item-0006"


def test_item_settings_include_its_product_images() -> None:
    shot = shot_settings(purpose="social", moodboard_id=7)
    [item] = planned(
        variant_selection(1, "s3:uploads/u1", "https://a.example.com/b.jpg"), shot=shot
    ).items
    assert item.settings == {
        "purpose": "social",
        "moodboard_id": 7,
        "product_images": ["s3:uploads/u1", "https://a.example.com/b.jpg"],
    }


def test_the_provider_is_sent_the_models_own_words() -> None:
    [item] = planned(variant_selection(), shot=shot_settings(aspect_ratio="4:3")).items
    assert item.input == {
        "prompt": item.prompt,
        "output_format": "png",
        "aspect_ratio": "4:3",
    }
    assert item.aspect_ratio == "4:3"


def test_the_aspect_ratio_has_a_default() -> None:
    assert planned(variant_selection()).items[0].aspect_ratio == "1:1"


def test_setting_with_a_model_input_is_sent() -> None:
    model = replace(MODEL, fields={**MODEL.fields, "moodboard_id": "mood"})
    [item] = planned(variant_selection(), shot=shot_settings(moodboard_id=7), model=model).items
    assert item.input["mood"] == 7


def test_settings_images_follow_products_and_are_numbered() -> None:
    shot = shot_settings(
        model_image_url="s3:uploads/p", background_image_url="https://a.example.com/b"
    )
    [item] = planned(variant_selection(1, "s3:a", "s3:b"), shot=shot).items
    assert item.images == ("s3:a", "s3:b", "s3:uploads/p", "https://a.example.com/b")
    assert "the product in reference images 1 to 2" in item.prompt
    assert "the person in reference image 3" in item.prompt
    assert "the place in reference image 4" in item.prompt


def test_a_variant_has_a_directory_named_after_it() -> None:
    plan = planned(
        variant_selection(1, title="White / M", product_title="Linen shirt"), shot=shot_settings(2)
    )
    assert [(i.archive_dir, i.stem) for i in plan.items] == [
        ("Linen_shirt_White_M", "Linen_shirt_White_M-1"),
        ("Linen_shirt_White_M", "Linen_shirt_White_M-2"),
    ]


def test_directories_and_files_are_unique_and_safe() -> None:
    titles = ["Chair", "chair", "Chair-1", "../../etc", "CON", "\u202e", "???"]
    choices = [
        variant_selection(n, title=t, product_title=t) for n, t in enumerate(titles, start=1)
    ]
    plan = planned(*choices, shot=shot_settings(8))
    folders = list(dict.fromkeys(item.archive_dir for item in plan.items))
    assert len({f.casefold() for f in folders}) == len(titles)
    assert len({item.stem.casefold() for item in plan.items}) == 8 * len(titles)
    assert not any(set('/\\:*?"<>|') & set(folder) or ".." in folder for folder in folders)


def test_settings_nobody_knows_are_recorded_with_a_warning() -> None:
    plan = planned(variant_selection(), shot=shot_settings(brightness=5))
    assert plan.warnings == ("Unknown settings are recorded only: brightness.",)
    assert plan.items[0].settings["brightness"] == 5


def test_a_plan_of_variants_is_kept_as_it_is() -> None:
    plan = planned(
        variant_selection(1), variant_selection(2), shot=shot_settings(2, custom_instructions=["ü"])
    )
    assert decode_manifest(encode_manifest(plan)) == plan


def test_the_folders_of_a_batch_follow_its_plan() -> None:
    plan = planned(variant_selection(7), variant_selection(3), shot=shot_settings(2))
    folder = folder_of(a_batch("b1", name="Spring"), plan)
    assert (folder.batch_id, folder.name, folder.created_at) == ("b1", "Spring", START)
    assert folder.variants == (
        VariantFolder(7, "Linen_shirt_Size_7", 0, 2),
        VariantFolder(3, "Linen_shirt_Size_3", 2, 2),
    )
    assert folder.of(3) == folder.variants[1]
    assert folder.of(4) is None


@pytest.mark.parametrize("variant", [None, 1, 2**53 - 1])
def test_a_folders_id_follows_from_its_batch_and_variant(variant: int | None) -> None:
    assert parse_folder_id(folder_id("5f0c", variant)) == ("5f0c", variant)


@pytest.mark.parametrize("text", ["", "a.b", "a.0", "a.1.2", "a/b", "a#b", "x" * 65, "a.-1", "a."])
def test_an_id_that_is_no_folders_is_told_apart(text: str) -> None:
    assert parse_folder_id(text) is None


def test_only_variant_images_are_in_the_library() -> None:
    batch = a_batch()
    made: dict[str, Any] = {"status": ItemStatus.SUCCEEDED, "image": IMAGE, "settled_at": START}
    assert library_image(batch, an_item(**made)) is None
    assert library_image(batch, an_item(variant_id=7)) is None
    assert (
        library_image(batch, an_item(**{**made, "status": ItemStatus.FAILED}, variant_id=7)) is None
    )
    found = library_image(batch, an_item(4, **made, variant_id=7, file="a.png"))
    assert found is not None
    assert (found.id, found.variant_id, found.key) == ("b1.0004", 7, IMAGE.key)


def test_variant_images_are_stored_under_the_library() -> None:
    kept = keys.image(Kind.VARIANTS, "b1", 7, "p")
    other = keys.image(Kind.CARS, "b1", 7, "p")
    assert kept.startswith("library/b1/000007-")
    assert other.startswith("batches/b1/images/000007-")
    assert keys.image_place(kept) == keys.image_place(other) == ("b1", 7)
    for key in ("library/b1", "batches/b1/input", "uploads/u1", "library/a/b/000007-0000", ""):
        assert keys.image_place(key) is None


def test_only_checked_uploads_have_a_key_that_names_one() -> None:
    assert keys.upload_of(keys.upload("u1")) == "u1"
    assert keys.upload_of(keys.incoming("u1")) is None
    assert keys.upload_of("library/u1") is None
