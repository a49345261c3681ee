"""Which models a batch may run on, and what it is told about those it may not."""

from copy import replace
from decimal import Decimal
from typing import Any

import pytest

from imagebatch.api.errors import status_of
from imagebatch.domain.errors import InvalidRequestError
from imagebatch.domain.model_choice import Requirement, UsableModels
from imagebatch.domain.model_registry import ImageModel, Mode, ModelState, PriceUnit, Quality
from testing.models import a_model, a_registry, usable

OLD = a_model("a/old", state=ModelState.RETIRED, retired_on="2026-06-30", successor="a/new")
NEW = a_model("a/new", hd="0.10", fields={"prompt": "prompt", "images": "images"}, max_images=4)
SEEDED = a_model("b/seeded", provider="other", supports_seed=True, aspect_ratios=("1:1", "3:2"))
EDIT = a_model(
    "b/edit", provider="other", fields={"prompt": "p", "images": "i"}, min_images=1, max_images=1
)
REGISTRY = replace(
    a_registry(OLD, NEW, SEEDED, EDIT),
    defaults=("a/old", "a/new", "b/seeded"),
    defaults_with_images=("a/new", "b/edit"),
)


def models(*providers: str, gone: str = "") -> UsableModels:
    return usable(REGISTRY, *providers, gone=frozenset({gone} - {""}))()


def refusal(call: Any, *args: Any, **options: Any) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as refused:
        call(*args, **options)
    assert status_of(refused.value) == 422
    return refused.value


@pytest.mark.parametrize("name", [None, "", " ", "claude"])
@pytest.mark.parametrize(
    ("providers", "gone", "plain", "with_images"),
    [
        ((), "", "a/new", "a/new"),
        (("scripted", "other"), "", "a/new", "a/new"),
        (("other",), "", "b/seeded", "b/edit"),
        (("scripted", "other"), "a/new", "b/seeded", "b/edit"),
    ],
)
def test_first_usable_default_wins(
    name: str | None, providers: tuple[str, ...], gone: str, plain: str, with_images: str
) -> None:
    found = models(*providers, gone=gone)
    assert found.find(name).id == plain
    assert found.find(name, with_images=True).id == with_images


def test_no_usable_default_is_refused() -> None:
    assert refusal(models("nobody").find, None).kind == "model-unusable"


@pytest.mark.parametrize(("gone", "alternatives"), [("", ["a/new"]), ("a/new", [])])
def test_retired_model_is_refused_with_successor(gone: str, alternatives: list[str]) -> None:
    error = refusal(models("scripted", gone=gone).find, "a/old")
    assert (error.kind, error.error) == ("model-retired", "Model is no longer available")
    [detail] = error.details
    assert (detail["model"], detail["successor"]) == ("a/old", "a/new")
    assert detail["alternatives"] == alternatives


def test_gone_model_is_refused_as_no_longer_available() -> None:
    error = refusal(models("scripted", gone="a/new").find, "a/new")
    assert error.error == "Model is no longer available"


def test_model_without_key_is_never_made_as_development() -> None:
    found = models("scripted")
    assert (found.mode, models().mode) == (Mode.LIVE, Mode.DEVELOPMENT)
    assert refusal(found.find, "b/seeded").error == "Model cannot be used"
    assert models().find("b/seeded").id == "b/seeded"


def test_unknown_model_is_refused_with_the_known() -> None:
    error = refusal(models().find, "c/none")
    assert error.error == "Unknown model"
    assert "a/new" in error.detail


@pytest.mark.parametrize(
    ("model", "need", "words", "able"),
    [
        (NEW, {"aspect_ratio": "3:2"}, "no aspect ratio 3:2", ["b/seeded"]),
        (NEW, {"quality": Quality.ULTRA}, "no ultra quality", []),
        (NEW, {"seed": True}, "does not accept a seed", ["b/seeded"]),
        (NEW, {"images": 5}, "at most 4 reference images", []),
        (SEEDED, {"images": 1}, "no reference images", ["a/new", "b/edit"]),
        (EDIT, {}, "at least 1 reference image", ["a/new", "b/seeded"]),
    ],
)
def test_what_a_model_cannot_make_is_refused(
    model: ImageModel, need: dict[str, Any], words: str, able: list[str]
) -> None:
    wanted = Requirement(row=3, custom_id="row-0003", **need)
    error = refusal(models("scripted", "other").check, [model], [wanted])
    [detail] = error.details
    assert (detail["row"], detail["customId"], detail["model"]) == (3, "row-0003", model.id)
    assert words in detail["reason"]
    assert detail["alternatives"] == able


def test_everything_that_a_model_cannot_make_is_counted() -> None:
    needs = [Requirement(row=row, seed=True) for row in range(2, 1_502)]
    assert len(refusal(models("scripted").check, [NEW], needs).details) == 1_500


def test_every_model_of_a_chain_must_make_every_row() -> None:
    found = models("scripted", "other")
    chain = found.chain("a/new", ["b/seeded", "a/new"])
    assert [model.id for model in chain] == ["a/new", "b/seeded"]
    error = refusal(found.check, chain, [Requirement(row=2), Requirement(row=3, images=1)])
    assert [(d["row"], d["model"]) for d in error.details] == [(3, "b/seeded")]


def test_dearest_of_a_chain_is_reserved() -> None:
    chain = [a_model(price="0.01"), a_model(price="0.30"), a_model(price="0.05")]
    assert models("scripted").price(chain, Quality.STANDARD) == Decimal("0.30")
    assert models().price(chain, Quality.STANDARD) == Decimal("0.035")


def test_megapixel_price_never_exceeds_its_estimate() -> None:
    model = a_model(
        price="0.03", unit=PriceUnit.MEGAPIXEL, max_output_megapixels=2, max_reference_megapixels=4
    )
    assert model.max_price(images=1) == Decimal("0.18")
    for width, height, megapixels in [(1, 1, 1), (1000, 1000, 1), (1024, 1024, 2), (4000, 4000, 2)]:
        actual = model.actual_price(Quality.STANDARD, width, height)
        assert actual == Decimal("0.03") * megapixels
        assert actual <= model.max_price()
    assert model.actual_price(Quality.STANDARD, 1000, 1000, images=1) == Decimal("0.15")


def test_image_price_is_the_same_for_any_size() -> None:
    model = a_model(price="0.05")
    assert (
        model.max_price(images=3) == model.actual_price(Quality.STANDARD, 9, 9) == Decimal("0.05")
    )
