"""Records that earlier versions stored stay readable: stored_records.json only ever grows."""

import json
from copy import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from imagebatch.adapters.batch_attributes import NOT_STORED
from imagebatch.adapters.codec import decode, encode
from imagebatch.adapters.dynamodb.table import from_dynamodb, to_dynamodb
from imagebatch.domain.asset_library import Folder, LibraryImage, VariantFolder
from imagebatch.domain.batch import Batch
from imagebatch.domain.counts import Counts
from imagebatch.domain.deletion import Deletion
from imagebatch.domain.delivery import Delivery, DeliveryStatus
from imagebatch.domain.erasure import Erasure, ErasureStatus
from imagebatch.domain.errors import Failure, FailureCode
from imagebatch.domain.images import Version
from imagebatch.domain.item import Item, LastRedo
from imagebatch.domain.item_state import Lease
from imagebatch.domain.model_registry import (
    ImageModel,
    ModelState,
    PriceUnit,
    Quality,
    QualityOffer,
)
from imagebatch.domain.money import Money, Reservation
from imagebatch.domain.notice import Notice, NoticeLevel
from imagebatch.domain.provenance import Mark, Provenance
from imagebatch.domain.redos import Redo
from imagebatch.domain.round_state import (
    Archive,
    BlockReason,
    ItemError,
    ModelBlock,
    ProviderWait,
)
from imagebatch.domain.shares import Share
from imagebatch.domain.statuses import BatchStatus, ItemStatus
from imagebatch.domain.uploads import Upload, UploadKind, UploadStatus
from imagebatch.intake.catalog import Variant
from imagebatch.ports.records import Change, ItemChange
from testing.fakes.system import START
from testing.records import PRICE, a_batch, an_image, an_item, change_batch, change_item

STORED = Path(__file__).parent / "stored_records.json"
LATER = START + timedelta(minutes=1)
FAILURE = Failure(FailureCode.PROVIDER_TIMEOUT, "no answer")
MODEL = ImageModel(
    id="google/nano-banana-2.1",
    provider="fal",
    qualities=(
        QualityOffer(
            name=Quality.HD, price=PRICE, unit=PriceUnit.MEGAPIXEL, inputs={"resolution": "2K"}
        ),
    ),
    fields={"prompt": "prompt"},
    upstream="fal/nano",
    upstream_with_images="fal/nano/edit",
    aspect_ratios=("1:1",),
    aspect_inputs={"1:1": {"width": 1024}},
    constants={"steps": 4},
    min_images=1,
    max_images=3,
    images_as_list=True,
    supports_seed=True,
    typical_seconds=7.5,
    max_output_megapixels=4,
    max_reference_megapixels=2,
    state=ModelState.RETIRED,
    retired_on="2026-10-01",
    successor="google/nano-banana-3",
    checked_on="2026-11-20",
    unverified=("resolution",),
    sources=("https://fal.ai/models",),
)
BATCH = a_batch(
    name="Spring",
    status=BatchStatus.CANCELLED,
    counts=Counts(1, 2, 3, 4, 5),
    version=7,
    spec_version=2,
    round=2,
    round_total=4,
    last_dispatched_round=2,
    enqueued_count=3,
    attempt=2,
    rejected=1,
    errors=(ItemError(1, 3, "row-0003", FAILURE, rejected=True),),
    retry_request_id="r1",
    waiting=ProviderWait(BlockReason.RATE_LIMITED, LATER, START),
    abort_reason=FAILURE,
    archive=Archive("archives/b1/1-1.zip", 9, 3, "f.json", "f.csv"),
    estimated=Decimal("0.15"),
    money=Money(committed=Decimal("0.10"), actual=PRICE),
    max_cost=Decimal("1.00"),
    metadata={"season": "spring"},
    options={"include_pdf": True},
    callback_url="https://shop.example.com/hook",
    drop_key="inbox/cars.csv",
    quality=Quality.HD,
    models=(MODEL,),
    notices=(Notice("mapped", "colour is color", NoticeLevel.WARNING, 3, "colour"),),
    started_at=START,
    round_started_at=START,
    cancelling_at=LATER,
    archiving_at=LATER,
    finished_at=LATER,
    expires_at=LATER,
)
ITEM = an_item(
    4,
    images=("s3:library/a",),
    quality=Quality.HD,
    archive_dir="Shirt-Red",
    variant_id=7,
    settings={"aspect_ratio": "1:1"},
    status=ItemStatus.PROCESSING,
    failure=FAILURE,
    round=2,
    round_attempts=1,
    attempts_round=2,
    attempts=3,
    create_in_flight=True,
    create_started_at=START,
    prediction="p1",
    lease=Lease("t", LATER),
    deadline=LATER,
    reserved=PRICE,
    cost=Decimal("0.10"),
    image=an_image(),
    file="car-0.png",
    seconds=2.5,
    started_at=START,
    settled_at=LATER,
    enqueued_positions=(3, 4),
    version=6,
)
SECOND = Version(
    round=2,
    image=an_image("batches/b1/images/000004-1"),
    file="car-4.png",
    model="google/nano-banana-2.1",
    note="wheels straight",
    cost=PRICE,
    created_at=LATER,
    lost=True,
)
SAMPLES: dict[str, Any] = {
    "batch": BATCH,
    "unfinished batch": a_batch(
        money=Money(
            reservation=Reservation("2026-11", Decimal("0.30"), Decimal("0.10")), failed_price=PRICE
        )
    ),
    "batch with redos": change_batch(
        BATCH,
        redos=(Redo(round=2, items="1,3-5", note="wheels straight", seed=7),),
        pending_redos=1,
        choices=9,
        rebuild_attempt=2,
        rebuilding_at=LATER,
    ),
    "batch with a choice": change_batch(
        BATCH,
        archive=Archive("archives/b1/1-1.zip", 9, 3, "f.json", "f.csv", choices=9, built_at=LATER),
    ),
    "batch in an outage": change_batch(
        BATCH, blocks=(ModelBlock("google/imagen-3", BlockReason.UNAVAILABLE, START, LATER),)
    ),
    "item": ITEM,
    "item whose creates fail": change_item(ITEM, model_fixed=True, failing_since=START),
    "item whose create is looked for": change_item(ITEM, lookup_failing_since=LATER),
    "item that stopped a round": change_item(ITEM, unfit_image=an_image()),
    "item made again": replace(
        ITEM,
        model="google/nano-banana-2.1",
        versions=(SECOND,),
        chosen=1,
        note="wheels straight",
        seed=7,
        redo_round=2,
        last_redo=LastRedo(2, "no answer", FailureCode.PROVIDER_TIMEOUT),
    ),
    "rehearsed item": an_item(fate="throttled:20"),
    "delivery": Delivery(
        id="b1-1-1",
        url="https://shop.example.com/hook",
        body={"type": "batch.completed"},
        created_at=START,
        status=DeliveryStatus.FAILED,
        attempts=3,
        last_attempt_at=LATER,
        reason="the receiver answered 500",
    ),
    "erasure": Erasure(
        id="e1",
        owner="ann",
        started_at=START,
        status=ErasureStatus.DONE,
        finished_at=LATER,
        batches=2,
        uploads=3,
        records=40,
        kept={"live 2026-11": "1.25"},
        cursor='["a", "b"]',
    ),
    "deletion": Deletion(
        owner="ann", batch_id="b1", round=2, started_at=LATER, drop_key="inbox/ann/cars.csv"
    ),
    "change": Change(7, LATER, BATCH.status, BATCH.counts, ItemChange.of(ITEM)),
    "folder": Folder(
        batch_id="b1", name="Spring", created_at=START, variants=(VariantFolder(7, "Shirt", 0, 2),)
    ),
    "library image": LibraryImage(
        batch_id="b1", index=1, variant_id=7, key="library/a", file="a.png", created_at=START
    ),
    "image with thumbnail": replace(an_image(), thumbnail=True),
    "image with provenance": replace(
        an_image(), provenance=Provenance("0123abcd", "p1", Mark.C2PA, added=True)
    ),
    "provenance": Provenance("0123abcd", "p1", Mark.NONE, added=True),
    "library image with thumbnail": LibraryImage(
        batch_id="b1",
        index=1,
        variant_id=7,
        key="library/a",
        file="a.png",
        created_at=START,
        thumbnail=True,
    ),
    "share": Share(
        id="s1",
        owner="ann",
        batch_id="b1",
        token_hash="9c56",
        created_at=START,
        expires_at=LATER,
    ),
    "variant": Variant(
        id=7, title="Red", product_id=1, product_title="Shirt", image_url="https://a/b.png"
    ),
    "upload": Upload(
        id="u1",
        owner="ann",
        kind=UploadKind.PRODUCT,
        original_name="a.png",
        content_type="image/png",
        size=9,
        created_at=START,
        status=UploadStatus.REJECTED,
        reason="no image",
    ),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_stored_record_is_read_as_it_was_written(name: str) -> None:
    """A new field needs a new record here; those that are there are never edited."""
    sample = SAMPLES[name]
    stored = json.loads(STORED.read_text("utf-8"))[name]
    assert decode(type(sample), from_dynamodb(stored)) == sample
    assert to_dynamodb(encode(sample)) == stored


BATCHES = [sample for sample in SAMPLES.values() if isinstance(sample, Batch)]
PARTS = [part for batch in BATCHES for part in (batch.state, batch.money)]
STATES = [sample.state for sample in SAMPLES.values() if isinstance(sample, Item)]
RECORDS = [*SAMPLES.values(), *PARTS, *STATES]
KINDS = sorted({type(record) for record in RECORDS}, key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", KINDS)
def test_the_samples_leave_no_field_out(kind: type[Any]) -> None:
    samples = [record for record in RECORDS if type(record) is kind]
    empty = {
        name
        for name in kind.__struct_fields__
        if all(getattr(sample, name) in (None, "", (), {}, 0) for sample in samples)
    }
    assert empty == NOT_STORED.get(kind, frozenset())
