"""What a person calls an image."""

from decimal import Decimal
from typing import Any

import pytest

from imagebatch.domain.batch import Kind
from imagebatch.domain.batch_manifest import BatchManifest, ItemSpec
from imagebatch.intake.captions import captions_of


def captions(kind: Kind, *items: dict[str, Any], header: tuple[str, ...] = ()) -> list[str]:
    defaults: dict[str, Any] = {
        "custom_id": "", "row": None, "prompt": "a car", "stem": "", "price": Decimal(0)
    }  # fmt: skip
    specs = (ItemSpec(**{**defaults, "index": i, **each}) for i, each in enumerate(items))
    return captions_of(BatchManifest(kind, header, tuple(specs)))


@pytest.mark.parametrize("kind", [Kind.CARS, Kind.SHEET])
def test_a_car_is_called_make_model_and_year(kind: Kind) -> None:
    header = ("VIN", "Year", " MODEL ", "make")
    rows = [("1FT", "2023", "F-150", "Ford"), ("1FT", "", "Uno ", "Fiat"), ("1FT", "", "", "")]
    found = captions(kind, *({"cells": row} for row in rows), header=header)
    assert found == ["Ford F-150 2023", "Fiat Uno", ""]


def test_a_short_row_is_called_by_its_cells() -> None:
    assert captions(Kind.CARS, {"cells": ("Ford",)}, header=("make", "model")) == ["Ford"]


def test_images_of_one_variant_are_numbered() -> None:
    white = {"variant_id": 7, "archive_dir": "Linen_White"}
    sand = {"variant_id": 9, "archive_dir": "Linen_Sand"}
    assert captions(Kind.VARIANTS, white, white, sand) == [
        "Linen White 1",
        "Linen White 2",
        "Linen Sand",
    ]


def test_a_prompt_is_called_by_its_beginning() -> None:
    short, long = captions(Kind.PROMPTS, {"prompt": "A red door"}, {"prompt": "door " * 40})
    assert short == "A red door"
    assert long == ("door " * 16)[:79].rstrip() + "…"


def test_any_table_is_called_by_its_file_name() -> None:
    assert captions(Kind.SHEET, {"cells": ("7",)}, header=("sku",)) == [""]
