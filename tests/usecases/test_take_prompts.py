from decimal import Decimal
from typing import Any

import pytest

from imagebatch.api.errors import status_of
from imagebatch.domain.errors import InvalidRequestError
from imagebatch.domain.model_registry import Mode, Quality
from imagebatch.domain.statuses import Kind
from imagebatch.intake.prompts import PromptDraft
from imagebatch.usecases.plan_prompt_batch import PlanPromptBatch
from imagebatch.usecases.submit_batch import Submission
from imagebatch.usecases.uploads import CreateUpload
from testing.fakes import FakeClock, InMemoryObjectStore, InMemoryUploadStore
from testing.models import a_model, a_registry, usable
from tests.usecases.test_uploads import PNG, PRODUCT

PLAIN = a_model("plain", provider="p", fields={"prompt": "text"})
RICH = a_model(
    "rich",
    provider="p",
    price="0.10",
    hd="0.30",
    fields={"prompt": "prompt", "images": "image_input", "aspect_ratio": "ratio"},
    max_images=4,
)
REGISTRY = a_registry(PLAIN, RICH)


class Intake:
    def __init__(self, *, live: bool = True) -> None:
        self.uploads, self.media = InMemoryUploadStore(), InMemoryObjectStore()
        keys = ("p",) if live else ()
        self.take = PlanPromptBatch(usable(REGISTRY, *keys), self.uploads, 5)

    def upload(self, id_: str = "u1", owner: str = "ann") -> None:
        take = CreateUpload(self.uploads, self.media, FakeClock())
        take.create_inline(owner, id_, PRODUCT, "a.png", PNG)

    def __call__(self, *drafts: PromptDraft | str, **options: Any) -> Submission:
        wanted = [PromptDraft(each) if isinstance(each, str) else each for each in drafts]
        return self.take("ann", wanted, source=b"{}", **options)

    def faults(self, *drafts: PromptDraft, **options: Any) -> dict[str, str]:
        with pytest.raises(InvalidRequestError) as refused:
            self(*drafts, **options)
        assert status_of(refused.value) == 422
        return {each["field"]: each["message"] for each in refused.value.details}


def names(submission: Submission) -> list[str]:
    return [item.stem for item in submission.plan.items]


def test_each_prompt_is_an_item_without_a_row() -> None:
    submission = Intake()("One", "Two")
    assert (submission.plan.kind, submission.mode) == (Kind.PROMPTS, Mode.LIVE)
    assert [(i.custom_id, i.row, i.prompt, i.input) for i in submission.plan.items] == [
        ("item-0001", None, "One", {"text": "One"}),
        ("item-0002", None, "Two", {"text": "Two"}),
    ]


@pytest.mark.parametrize(
    ("live", "quality", "price"),
    [
        (True, Quality.STANDARD, "0.10"),
        (True, Quality.HD, "0.30"),
        (False, Quality.HD, "0.035"),
    ],
)
def test_the_price_follows_the_quality_and_the_mode(
    *, live: bool, quality: Quality, price: str
) -> None:
    submission = Intake(live=live)("One", "Two", model_name="rich", quality=quality)
    assert submission.estimated == 2 * Decimal(price)
    assert submission.options == {"quality": quality.value, "include_pdf": False}


def test_hd_is_asked_for_in_the_models_words() -> None:
    (item,) = Intake()("One", model_name="rich", quality=Quality.HD).plan.items
    assert item.input["resolution"] == "2K"


@pytest.mark.parametrize(
    ("prompt", "stem"),
    [
        ("A red car, on the beach: at sunset, cinematic!", "a-red-car-on-the-beach-at-sunset"),
        ("車 と 山", "車-と-山"),
        ("../../etc/passwd", "etc_passwd"),
        ("???", "item-0001"),
        ("CON", "_con"),
        ("word " * 100, "word-word-word-word-word-word-word-word"),
    ],
)
def test_an_image_is_named_after_its_first_words(prompt: str, stem: str) -> None:
    assert names(Intake()(prompt)) == [stem]


def test_equal_names_are_told_apart() -> None:
    assert names(Intake()("Chair", "chair!", PromptDraft("x", custom_id="CHAIR"))) == [
        "chair", "chair-2", "CHAIR-3",
    ]  # fmt: skip


def test_upload_is_stored_as_key_and_url_unchanged() -> None:
    intake = Intake()
    intake.upload()
    url = "https://shop.example.com/a.png"
    submission = intake(
        PromptDraft("p", file="u1"), PromptDraft("q", file=url), "r", model_name="rich"
    )
    assert [item.images for item in submission.plan.items] == [("s3:uploads/u1",), (url,), ()]


def test_uploads_are_looked_up_at_once() -> None:
    intake = Intake()
    for number in range(5):
        intake.upload(f"u{number}")
    intake(*[PromptDraft("p", file=f"u{number}") for number in range(5)], model_name="rich")
    assert intake.uploads.calls["get_many"] == 1
    assert intake.uploads.calls["get"] == 0


def test_without_references_no_record_is_read() -> None:
    intake = Intake()
    intake("One")
    assert not intake.uploads.calls


def test_everything_wrong_is_told_at_once() -> None:
    intake = Intake()
    intake.upload("theirs", "bob")
    found = intake.faults(
        PromptDraft("p", file="theirs"),
        PromptDraft("q", custom_id="item-0001"),
        model_name="plain",
    )
    assert found.keys() == {"items.0.file", "items.1.custom_id"}
    assert Intake().faults(PromptDraft("p"), model_name="none").keys() == {"model"}


def test_more_items_than_the_limit_are_a_400() -> None:
    with pytest.raises(InvalidRequestError, match=r"Row limit exceeded \(max 5\)") as refused:
        Intake()(*"123456")
    assert status_of(refused.value) == 400
