"""What each field of a record is called in the table. A renamed field keeps its attribute.

A name here is part of what is stored: it may be added, and never changed or used for something
else. tests/adapters/stored_records.json holds records that every later version must read.
"""

from imagebatch.adapters.batch_attributes import (
    BATCH_ERRORS,
    BATCH_SPEC,
    BATCH_STATE,
    ITEM_PROGRESS,
    ITEM_SPEC,
    ITEM_STATE,
    MONEY,
    ROUND_STATE,
    NestedNames,
)
from imagebatch.domain.asset_library import Folder, LibraryImage, VariantFolder
from imagebatch.domain.batch import Batch, BatchSpec
from imagebatch.domain.counts import Counts
from imagebatch.domain.deletion import Deletion
from imagebatch.domain.delivery import Delivery
from imagebatch.domain.erasure import Erasure
from imagebatch.domain.errors import Failure
from imagebatch.domain.images import Image, Version
from imagebatch.domain.item import Item, ItemSpec, LastRedo
from imagebatch.domain.item_state import ItemState, Lease
from imagebatch.domain.model_registry import ImageModel, QualityOffer
from imagebatch.domain.money import Money, Reservation
from imagebatch.domain.notice import Notice
from imagebatch.domain.provenance import Provenance
from imagebatch.domain.redos import Redo
from imagebatch.domain.round_state import (
    Archive,
    ItemError,
    ModelBlock,
    ProviderWait,
    RoundState,
)
from imagebatch.domain.shares import Share
from imagebatch.domain.uploads import Upload
from imagebatch.intake.catalog import Variant
from imagebatch.ports.records import Change, ItemChange

NAMES: dict[type, NestedNames] = {
    BatchSpec: BATCH_SPEC,
    Batch: {**BATCH_SPEC, **BATCH_STATE, **BATCH_ERRORS},
    RoundState: ROUND_STATE,
    Money: MONEY,
    ItemSpec: ITEM_SPEC,
    Item: {**ITEM_SPEC, **ITEM_PROGRESS},
    ItemState: ITEM_STATE,
    Counts: {
        "pending": "pending",
        "processing": "processing",
        "succeeded": "succeeded",
        "failed": "failed",
        "cancelled": "cancelled",
    },
    Notice: {
        "code": "code",
        "message": "message",
        "level": "level",
        "row": "row",
        "column": "column",
    },
    QualityOffer: {"name": "name", "price": "price", "unit": "unit", "inputs": "inputs"},
    ImageModel: {
        "id": "id",
        "provider": "provider",
        "qualities": "qualities",
        "fields": "fields",
        "upstream": "upstream",
        "upstream_with_images": "upstreamWithImages",
        "aspect_ratios": "aspectRatios",
        "aspect_inputs": "aspectInputs",
        "constants": "constants",
        "min_images": "minImages",
        "max_images": "maxImages",
        "images_as_list": "imagesAsList",
        "supports_seed": "supportsSeed",
        "typical_seconds": "typicalSeconds",
        "max_output_megapixels": "maxOutputMegapixels",
        "max_reference_megapixels": "maxReferenceMegapixels",
        "state": "state",
        "retired_on": "retiredOn",
        "successor": "successor",
        "checked_on": "checkedOn",
        "unverified": "unverified",
        "sources": "sources",
    },
    Lease: {"token": "token", "until": "until"},
    Image: {
        "key": "key",
        "content_type": "contentType",
        "size": "size",
        "crc32": "crc32",
        "etag": "etag",
        "width": "width",
        "height": "height",
        "thumbnail": "thumbnail",
        "provenance": "provenance",
    },
    Provenance: {
        "sha256": "sha256",
        "prediction": "prediction",
        "found": "found",
        "added": "added",
    },
    Share: {
        "id": "id",
        "owner": "owner",
        "batch_id": "batchId",
        "token_hash": "tokenHash",
        "created_at": "createdAt",
        "expires_at": "expiresAt",
    },
    Version: {
        "round": "round",
        "image": "image",
        "file": "file",
        "model": "model",
        "note": "note",
        "cost": "spent",
        "created_at": "createdAt",
        "lost": "lost",
    },
    LastRedo: {"round": "round", "reason": "reason", "code": "code"},
    Redo: {"round": "round", "items": "items", "note": "note", "seed": "seed"},
    Archive: {
        "key": "key",
        "size": "size",
        "entries": "entries",
        "failed_rows_key": "failedRowsKey",
        "failed_rows_csv_key": "failedRowsCsvKey",
        "choices": "choices",
        "built_at": "builtAt",
    },
    Reservation: {"month": "month", "amount": "amount", "committed_before": "committedBefore"},
    ProviderWait: {"reason": "reason", "until": "until", "since": "since"},
    ModelBlock: {"model": "model", "reason": "reason", "since": "since", "until": "until"},
    Failure: {"code": "code", "reason": "reason"},
    ItemError: {
        "index": "index",
        "row": "row",
        "custom_id": "customId",
        "failure": "failure",
        "rejected": "rejected",
    },
    Change: {
        "seq": "number",
        "at": "at",
        "status": "status",
        "counts": "counts",
        "item": "item",
    },
    ItemChange: {
        "index": "index",
        "custom_id": "customId",
        "row": "row",
        "status": "status",
        "round": "round",
        "failure": "failure",
        "image": "image",
        "file": "file",
        "model": "model",
    },
    LibraryImage: {
        "batch_id": "batchId",
        "index": "index",
        "variant_id": "variantId",
        "key": "key",
        "file": "file",
        "created_at": "createdAt",
        "thumbnail": "thumbnail",
    },
    VariantFolder: {
        "variant_id": "variantId",
        "name": "name",
        "first": "first",
        "count": "count",
    },
    Folder: {
        "batch_id": "batchId",
        "name": "name",
        "created_at": "createdAt",
        "variants": "variants",
    },
    Delivery: {
        "id": "id",
        "url": "url",
        "body": "body",
        "created_at": "createdAt",
        "status": "status",
        "attempts": "attempts",
        "last_attempt_at": "lastAttemptAt",
        "reason": "reason",
    },
    Erasure: {
        "id": "id",
        "owner": "owner",
        "started_at": "startedAt",
        "status": "status",
        "finished_at": "finishedAt",
        "batches": "batches",
        "uploads": "uploads",
        "records": "records",
        "kept": "kept",
        "cursor": "cursor",
    },
    Deletion: {
        "owner": "owner",
        "batch_id": "batchId",
        "round": "round",
        "started_at": "startedAt",
        "drop_key": "dropKey",
    },
    Variant: {
        "id": "id",
        "title": "title",
        "product_id": "productId",
        "product_title": "productTitle",
        "image_url": "imageUrl",
    },
    Upload: {
        "id": "id",
        "owner": "owner",
        "kind": "kind",
        "original_name": "originalName",
        "content_type": "contentType",
        "size": "size",
        "created_at": "createdAt",
        "status": "status",
        "reason": "reason",
    },
}
