"""Batches of variants over fakes: chosen images, folders, and what is kept."""

from collections.abc import Sequence
from copy import replace
from decimal import Decimal
from typing import Any

import pytest

from imagebatch.api.errors import status_of
from imagebatch.domain.batch import Batch
from imagebatch.domain.errors import (
    Failure,
    FailureCode,
    InvalidRequestError,
    NotFoundError,
    RejectedError,
)
from imagebatch.domain.images import Image, thumbnail_key
from imagebatch.domain.model_registry import Mode
from imagebatch.domain.statuses import BatchStatus, ItemStatus
from imagebatch.domain.uploads import Upload, UploadKind, UploadStatus
from imagebatch.ports.archive import BadMembersError
from imagebatch.usecases import keys
from imagebatch.usecases.folders import ListFolders, ReadFolder
from imagebatch.usecases.image_candidates import ImageCandidates
from imagebatch.usecases.plan_variant_batch import PlanVariantBatch, VariantRequest
from imagebatch.usecases.references import References
from imagebatch.usecases.round_models import ChooseRoundModels
from imagebatch.usecases.submit_batch import Submission
from testing.app_harness import OWNER, AppHarness
from testing.fakes import InMemoryCatalogStore, InMemoryUploadStore
from testing.models import a_model, a_registry, usable
from testing.records import a_batch, an_image, an_item
from testing.variants import a_variant, product_shot

PUBLIC = "https://shop.example.com/a.jpg"
PLAIN = a_model()
SEEING = replace(PLAIN, id="seeing", fields={"prompt": "prompt", "images": "images"}, max_images=4)
REGISTRY = a_registry(PLAIN, SEEING)


class VariantWorld(AppHarness):
    def __init__(self) -> None:
        super().__init__()
        self.library = self.store.library
        self.catalog, self.uploads = InMemoryCatalogStore(), InMemoryUploadStore()
        self.catalog.upsert(OWNER, [a_variant(n) for n in (1, 2, 3)])
        references = References(self.media, self.uploads, self.library, self.store)
        schemas = {"product-shot": product_shot()}
        self.take = PlanVariantBatch(
            usable(REGISTRY, "scripted"), schemas, self.catalog, references
        )
        choose_models = ChooseRoundModels(usable(REGISTRY, "scripted"))
        self.retry = replace(self.retry, choose_models=choose_models)
        self.candidates = ImageCandidates(self.catalog, self.library, self.uploads)
        self.read_folder = ReadFolder(self.library, self.store)
        self.list_folders = ListFolders(self.library, self.catalog)

    def upload(self, id_: str = "u1", owner: str = OWNER, **fields: Any) -> str:
        """A signed URL of an upload."""
        upload = Upload(
            **{
                "id": id_, "owner": owner, "kind": UploadKind.PRODUCT, "original_name": "a.png",
                "content_type": "image/png", "size": 3, "created_at": self.clock.now(),
                "status": UploadStatus.READY, **fields,
            }
        )  # fmt: skip
        self.uploads.create(upload)
        return self.url(keys.upload(id_))

    def url(self, key: str) -> str:
        return self.media.url(key, seconds=900)

    def submission(
        self, *choices: tuple[int, Sequence[str]], variations: int = 1, **more: Any
    ) -> Submission:
        key = more.pop("schema_key", "product-shot")
        model = more.pop("model_name", None)
        request = VariantRequest(choices or ((1, [PUBLIC]),), key, variations, more)
        return self.take(OWNER, request, model_name=model)

    def refused(self, *choices: tuple[int, Sequence[str]], **more: Any) -> InvalidRequestError:
        with pytest.raises(InvalidRequestError) as caught:
            self.submission(*choices, **more)
        return caught.value

    def begin(self, *choices: tuple[int, Sequence[str]], **more: Any) -> Batch:
        """Submitted and dispatched."""
        self.submit_batch(self.submission(*choices, **more), "b1")
        self.dispatch_items(OWNER, "b1", 1)
        return self.batch

    def make(self, *choices: tuple[int, Sequence[str]], **more: Any) -> Batch:
        self.begin(*choices, **more)
        self.drain()
        return self.finish()

    def folder(self, folder_id: str, **more: Any) -> list[str]:
        opened = self.read_folder(OWNER, folder_id, **{"limit": 20, "start": 0, **more})
        return [picture.file for picture in opened.pictures]


@pytest.fixture
def app() -> VariantWorld:
    return VariantWorld()


def messages(error: InvalidRequestError) -> list[tuple[str, int | None]]:
    return [(d["field"], d.get("variantId")) for d in error.details]


# --- what is taken, and what is refused -----------------------------------------------------------


def test_items_are_variants_times_variations(app: VariantWorld) -> None:
    submission = app.submission((1, [PUBLIC]), (2, [PUBLIC, PUBLIC]), variations=3)
    assert len(submission.plan.items) == 6
    assert submission.estimated == Decimal("0.30")
    assert (submission.mode, submission.models[0].id) == (Mode.LIVE, "seeing")


def test_variants_with_wrong_image_count_are_named(app: VariantWorld) -> None:
    error = app.refused((1, []), (2, [PUBLIC] * 5), (3, [PUBLIC]))
    assert (status_of(error), error.error) == (422, "Invalid variants")
    assert messages(error) == [
        ("variants.0.productImageUrls", 1),
        ("variants.1.productImageUrls", 2),
    ]
    assert "variant 1 has no image" in error.detail
    assert "variant 2 has 5 images" in error.detail


def test_unknown_and_repeated_variants_are_named(app: VariantWorld) -> None:
    error = app.refused((9, [PUBLIC]), (1, [PUBLIC]), (1, [PUBLIC]))
    assert messages(error) == [("variants.0.variantId", 9), ("variants.2.variantId", 1)]


def test_another_owners_variant_is_unknown(app: VariantWorld) -> None:
    app.catalog.upsert("bob", [a_variant(9)])
    assert messages(app.refused((9, [PUBLIC]))) == [("variants.0.variantId", 9)]


def test_an_unknown_schema_is_named(app: VariantWorld) -> None:
    error = app.refused(schema_key="portrait")
    assert (status_of(error), error.error) == (422, "Unknown schema")
    assert "'portrait'" in error.detail


def test_settings_are_checked_against_their_schema(app: VariantWorld) -> None:
    error = app.refused(aspect_ratio="2:1", model_image_url="http://10.0.0.1/x.png")
    assert error.error == "Invalid settings"
    assert messages(error) == [
        ("settings.input.aspect_ratio", None),
        ("settings.input.model_image_url", None),
    ]


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example.com/a.jpg",
        "data:image/png;base64,AAAA",
        "https://127.0.0.1/a.jpg",
        "https://[::1]/a.jpg",
        "https://169.254.169.254/latest",
        "https://localhost/a.jpg",
        "https://user:pass@example.com/a.jpg",
        "file:///etc/passwd",
        "s3:uploads/u1",
        "nonsense",
    ],
)
def test_an_address_that_is_not_public_https_is_refused(app: VariantWorld, url: str) -> None:
    error = app.refused((1, [PUBLIC, url]))
    assert messages(error) == [("variants.0.productImageUrls.1", 1)]


def test_an_upload_is_kept_as_its_object(app: VariantWorld) -> None:
    submission = app.submission((1, [app.upload(), PUBLIC]))
    [item] = submission.plan.items
    assert item.images == ("s3:uploads/u1", PUBLIC)
    assert item.settings["product_images"] == ["s3:uploads/u1", PUBLIC]
    assert b"expires" not in submission.source


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"owner": "bob"}, "is not one of your product uploads"),
        ({"kind": UploadKind.CSV}, "is not one of your product uploads"),
        ({"status": UploadStatus.CHECKING}, "is still being validated"),
        ({"status": UploadStatus.REJECTED, "reason": "not an image"}, "was rejected"),
    ],
)
def test_foreign_or_unready_upload_is_rejected(
    app: VariantWorld, fields: dict[str, Any], reason: str
) -> None:
    error = app.refused((1, [app.upload(**fields)]))
    assert messages(error) == [("variants.0.productImageUrls.0", 1)]
    assert reason in error.details[0]["message"]


@pytest.mark.parametrize(
    "key",
    [
        "uploads/nobodys",
        "uploads/incoming/u1",
        "archives/b1/1-1.zip",
        "batches/b1/input",
        "batches/b9/images/000000-0123456789abcdef",
        "library/b9/000000-0123456789abcdef",
        "inbox/bob/cars.csv",
        "",
    ],
)
def test_no_other_object_of_the_bucket_is_an_image(app: VariantWorld, key: str) -> None:
    app.upload()
    error = app.refused((1, [f"https://media.test/{key}?signed"]))
    assert "yours" in error.details[0]["message"] or "your" in error.details[0]["message"]
    assert "signed" not in str(error.details)


def test_a_generated_image_is_an_image_to_start_from(app: VariantWorld) -> None:
    app.make((1, [PUBLIC]))
    made = app.item(0).image
    assert made is not None
    [item] = app.submission((2, [app.url(made.key)])).plan.items
    assert item.images == (f"s3:{made.key}",)


def test_another_owners_generated_image_is_refused(app: VariantWorld) -> None:
    theirs = Image("library/b7/000000-0123456789abcdef", "image/png", 3, 1, '"e"', 1, 1)
    item = an_item(variant_id=1, image=theirs, status=ItemStatus.SUCCEEDED)
    app.library.settled(a_batch("b7", owner="bob"), item)
    assert len(app.library.images) == 1
    assert messages(app.refused((1, [app.url(theirs.key)])))


def test_other_key_of_the_same_item_is_rejected(app: VariantWorld) -> None:
    app.make((1, [PUBLIC]))
    made = app.item(0).image
    assert made is not None
    other = made.key[:-1] + ("0" if made.key[-1] != "0" else "1")
    assert messages(app.refused((2, [app.url(other)])))


def test_image_of_other_batch_kind_is_accepted(app: VariantWorld) -> None:
    app.run(1)
    made = app.item(0).image
    assert made is not None
    assert made.key.startswith("batches/")
    [item] = app.submission((1, [app.url(made.key)])).plan.items
    assert item.images == (f"s3:{made.key}",)


def test_model_without_image_input_is_rejected(app: VariantWorld) -> None:
    error = app.refused(model_name="m")
    assert "m accepts no reference images" in error.detail


def test_the_settings_images_count_towards_what_the_model_takes(app: VariantWorld) -> None:
    error = app.refused((1, [PUBLIC] * 4), (2, [PUBLIC]), model_image_url=PUBLIC)
    assert error.kind == "model-cannot-serve"
    [detail] = error.details
    assert (detail["customId"], detail["model"]) == ("item-0001", "seeing")
    assert detail["reason"] == "accepts at most 4 reference images; the item has 5"


def test_same_objects_give_same_request_whatever_signatures(
    app: VariantWorld,
) -> None:
    url = app.upload()
    again = app.media.url("uploads/u1", seconds=60)
    assert url != again
    assert app.submission((1, [url])).source == app.submission((1, [again])).source


# --- folders and what is kept ---------------------------------------------------------------------


def test_image_is_in_both_folders_and_stored_once(
    app: VariantWorld,
) -> None:
    app.make((1, [PUBLIC]), (2, [PUBLIC]), variations=2)
    first, second = "Linen_shirt_Size_1", "Linen_shirt_Size_2"
    assert app.folder("b1.1") == [f"{first}-1.png", f"{first}-2.png"]
    assert app.folder("b1.2") == [f"{second}-1.png", f"{second}-2.png"]
    assert app.folder("b1") == [*app.folder("b1.1"), *app.folder("b1.2")]
    images = [key for key in app.media.objects if keys.image_place(key)]
    assert len(images) == 4
    assert set(app.media.objects) >= {thumbnail_key(key) for key in images}


def test_duplicate_message_leaves_one_folder_image(app: VariantWorld) -> None:
    app.begin((1, [PUBLIC]))
    message = app.queue.pop()
    assert message is not None
    app.deliver(message)
    app.deliver(message)
    assert len(app.folder("b1")) == 1


def test_the_archive_has_a_directory_for_each_variant(app: VariantWorld) -> None:
    batch = app.make((1, [PUBLIC]), (2, [PUBLIC]))
    assert batch.state.archive is not None
    assert app.builder.images(batch.state.archive.key) == [
        "Linen_shirt_Size_1/Linen_shirt_Size_1-1.png",
        "Linen_shirt_Size_2/Linen_shirt_Size_2-1.png",
    ]


def test_folders_are_there_before_the_first_image(app: VariantWorld) -> None:
    app.begin((1, [PUBLIC]))
    assert app.folder("b1") == app.folder("b1.1") == []
    assert [f.batch_id for f in app.list_folders(OWNER, 1, limit=9, cursor=None).items] == ["b1"]


def test_a_dispatcher_that_died_opens_the_folders_again(app: VariantWorld) -> None:
    app.submit_batch(app.submission((1, [PUBLIC])), "b1")
    app.library.fail_next("open", RuntimeError("killed"))
    with pytest.raises(RuntimeError):
        app.dispatch_items(OWNER, "b1", 1)
    app.dispatch_items(OWNER, "b1", 1)
    assert app.library.folder(OWNER, "b1") is not None
    app.drain()
    assert len(app.folder("b1.1")) == 1


def test_folders_outlive_the_records_of_their_batch(app: VariantWorld) -> None:
    app.make((1, [PUBLIC]), name="Spring")
    app.store._batches.clear()
    assert app.folder("b1") == app.folder("b1.1")
    [listed] = app.list_folders(OWNER, 1, limit=9, cursor=None).items
    assert [picture.file for picture in listed.pictures] == app.folder("b1.1")
    found = app.candidates(OWNER, [1])
    assert [image.batch_id for image in found.variants[0][1]] == ["b1"]


def test_folder_is_paginated_in_batch_order(app: VariantWorld) -> None:
    app.make((1, [PUBLIC]), (2, [PUBLIC]), variations=3)
    whole, start = app.folder("b1"), 0
    pages = []
    while True:
        page = app.read_folder(OWNER, "b1", limit=4, start=start)
        pages.append([picture.file for picture in page.pictures])
        if page.next_index is None:
            break
        start = page.next_index
    assert pages == [whole[:4], whole[4:]]
    assert app.folder("b1.2", start=4) == whole[4:]


def test_a_batch_of_another_kind_has_a_shared_folder(app: VariantWorld) -> None:
    app.run(3)
    assert app.folder("b1") == ["car-0.png", "car-1.png", "car-2.png"]
    assert app.folder("b1", limit=2) == ["car-0.png", "car-1.png"]


@pytest.mark.parametrize("folder_id", ["b9", "b1.9", "b1.x", "", "../b1"])
def test_a_folder_nobody_has_is_not_found(app: VariantWorld, folder_id: str) -> None:
    app.make((1, [PUBLIC]))
    with pytest.raises(NotFoundError):
        app.folder(folder_id)


def test_another_owners_folder_is_not_found(app: VariantWorld) -> None:
    app.make((1, [PUBLIC]))
    for folder_id in ("b1", "b1.1"):
        with pytest.raises(NotFoundError):
            app.read_folder("bob", folder_id, limit=1, start=0)


def test_unknown_variant_is_not_found(
    app: VariantWorld,
) -> None:
    assert list(app.list_folders(OWNER, 3, limit=9, cursor=None).items) == []
    with pytest.raises(NotFoundError):
        app.list_folders(OWNER, 9, limit=9, cursor=None)


def test_a_variants_folder_says_batch_and_variant(app: VariantWorld) -> None:
    submission = app.submission((1, [PUBLIC]))
    app.submit_batch(replace(submission, name="Spring"), "b1")
    app.dispatch_items(OWNER, "b1", 1)
    opened = app.read_folder(OWNER, "b1.1", limit=1, start=0)
    assert (opened.name, opened.batch_id, opened.variant_id) == (
        "Spring / Linen shirt Size 1", "b1", 1,
    )  # fmt: skip


def test_lost_image_is_removed_from_folders(app: VariantWorld) -> None:
    app.begin((1, [PUBLIC]), variations=2)
    app.drain()
    member = "Linen_shirt_Size_1/Linen_shirt_Size_1-1.png"
    app.builder.faults.append(BadMembersError({member: "gone"}))
    app.finish()
    assert app.folder("b1") == ["Linen_shirt_Size_1-2.png"]


# --- retry ----------------------------------------------------------------------------------------


def test_a_retry_uses_the_same_objects_signed_anew(app: VariantWorld) -> None:
    asked: list[Any] = []
    app.begin((1, [app.upload(), PUBLIC]), variations=2)
    prompt = app.item(0).prompt
    refused = RejectedError(FailureCode.INVALID_OUTPUT, "bad")
    app.provider.script(prompt, refused)
    create = app.provider.create
    app.provider.create = lambda request: (asked.append(request), create(request))[1]  # type: ignore[method-assign,func-returns-value]
    app.drain()
    batch = app.finish()
    assert (batch.status, batch.counts.failed) == (BatchStatus.COMPLETED, 1)
    before = app.folder("b1")
    app.clock.advance(3600 * 24)
    app.retry_batch(OWNER, "b1")
    app.dispatch_items(OWNER, "b1", 2)
    app.drain()
    again = app.finish()
    assert len(asked) == 3
    assert again.counts.succeeded == 2
    for request in asked:
        ours, public = request.input["images"]
        assert ours.startswith("https://media.test/uploads/u1?")
        assert public == PUBLIC
    assert len(app.folder("b1")) == 2
    assert set(before) < set(app.folder("b1"))
    assert again.state.archive is not None
    assert len(app.builder.images(again.state.archive.key)) == 2


# --- candidates -----------------------------------------------------------------------------------


def test_candidates_are_the_newest_images_and_the_ready_uploads(app: VariantWorld) -> None:
    app.make((1, [PUBLIC]), (2, [PUBLIC]), variations=8)
    for number in range(3):
        app.clock.advance(1)
        app.upload(f"u{number}")
    app.upload("waiting", status=UploadStatus.CHECKING)
    app.upload("sheet", kind=UploadKind.CSV)
    app.upload("his", owner="bob")
    found = app.candidates(OWNER, [2, 1, 3])
    assert [(v.id, len(images)) for v, images in found.variants] == [(2, 8), (1, 8), (3, 0)]
    [newest, *_] = found.variants[0][1]
    assert newest.variant_id == 2
    assert [upload.id for upload in found.uploads] == ["u2", "u1", "u0"]


def test_candidates_stop_at_fifty_images_and_two_hundred_uploads(app: VariantWorld) -> None:
    for number in range(201):
        app.upload(f"u{number:03d}")
    for number in range(60):
        made = an_item(number, variant_id=1, image=an_image(), status=ItemStatus.SUCCEEDED)
        app.library.settled(a_batch("b7"), made)
    found = app.candidates(OWNER, [1])
    assert len(found.variants[0][1]) == 50
    assert len(found.uploads) == 200


def test_candidates_ask_once_for_each_variant(app: VariantWorld) -> None:
    ids = list(range(1, 101))
    app.catalog.upsert(OWNER, [a_variant(n) for n in ids])
    app.candidates(OWNER, ids)
    assert app.library.calls["images_of"] == 100
    assert app.catalog.calls["get_many"] == 1
    assert app.uploads.calls["list_uploads"] == 1


def test_candidates_of_an_unknown_variant_are_refused_by_name(app: VariantWorld) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        app.candidates(OWNER, [1, 9])
    assert messages(caught.value) == [("variantIds.1", 9)]


def test_a_failure_keeps_its_reason(app: VariantWorld) -> None:
    app.begin((1, [PUBLIC]))
    reason = "flagged as sensitive"
    app.provider.script(app.item(0).prompt, RejectedError(FailureCode.CONTENT_REFUSED, reason))
    app.drain()
    assert app.item(0).failure == Failure.of(FailureCode.CONTENT_REFUSED, reason)
    assert app.folder("b1") == []
