"""What the fields of batches and items are called in the table."""

from collections.abc import Iterator, Mapping

from imagebatch.domain.batch import Batch
from imagebatch.domain.item import Item, ItemSpec

type Names = Mapping[str, str]
type NestedNames = Mapping[str, str | Names]
"""Names instead of one name: the field is a record that is stored in attributes of the outer one,
because updates and conditions name single attributes.
"""


BATCH_SPEC: Names = {
    "id": "id",
    "owner": "owner",
    "kind": "kind",
    "mode": "mode",
    "model": "model",
    "created_at": "createdAt",
    "retention_ends_at": "retentionEndsAt",
    "name": "name",
    "estimated": "estimated",
    "max_cost": "maxCost",
    "metadata": "metadata",
    "options": "options",
    "callback_url": "callbackUrl",
    "drop_key": "dropKey",
    "quality": "quality",
    "models": "models",
    "notices": "notices",
    "redos": "redos",
    "spec_version": "specVersion",
}


ROUND_STATE: Names = {
    "counts": "counts",
    "status": "status",
    "round": "round",
    "round_total": "roundTotal",
    "last_dispatched_round": "dispatchedRound",
    "enqueued_count": "enqueued",
    "attempt": "attempt",
    "retry_request_id": "retryRequest",
    "pending_redos": "pendingRedos",
    "waiting": "throttle",
    "blocks": "modelBlocks",
    "abort_reason": "abortReason",
    "archive": "archive",
}


MONEY: Names = {
    "committed": "reservedTotal",
    "actual": "spentTotal",
    "failed_price": "failedPrice",
    "reservation": "reservation",
}


BATCH_STATE: NestedNames = {
    "state": ROUND_STATE,
    "money": MONEY,
    "version": "version",
    "rejected": "rejected",
    "choices": "choices",
    "updated_at": "updatedAt",
    "started_at": "startedAt",
    "round_started_at": "roundStartedAt",
    "cancelling_at": "cancellingAt",
    "archiving_at": "archivingAt",
    "finished_at": "finishedAt",
    "expires_at": "expiresAt",
    "rebuild_attempt": "rebuildAttempt",
    "rebuilding_at": "rebuildingAt",
}


BATCH_ERRORS: Names = {"errors": "errors"}


ITEM_SPEC: Names = {
    "index": "index",
    "custom_id": "customId",
    "row": "row",
    "prompt": "prompt",
    "stem": "stem",
    "price": "price",
    "input": "input",
    "aspect_ratio": "aspectRatio",
    "failure": "failure",
    "images": "images",
    "quality": "quality",
    "archive_dir": "archiveDir",
    "variant_id": "variant",
    "settings": "settings",
    "fate": "fate",
}
PACKED_TEXTS = "packedTexts"
"""The attribute that replaces a specification's longer texts (dynamodb/item_specs.py)."""


ITEM_STATE: Names = {
    "status": "status",
    "round": "round",
    "attempts": "attempts",
    "attempts_round": "attemptsRound",
    "round_attempts": "roundAttempts",
    "lease": "lease",
    "deadline": "deadline",
    "create_in_flight": "creating",
    "create_started_at": "createStartedAt",
    "prediction": "prediction",
    "reserved": "reserved",
    "model_fixed": "modelFixed",
    "failing_since": "failingSince",
    "lookup_failing_since": "lookupFailingSince",
    "started_at": "startedAt",
    "settled_at": "settledAt",
    "seconds": "seconds",
    "unfit_image": "unfitImage",
    "enqueued_positions": "enqueued",
}


ITEM_PROGRESS: NestedNames = {
    "state": ITEM_STATE,
    "failure": "failure",
    "version": "version",
    "model": "model",
    "cost": "spent",
    "image": "image",
    "file": "file",
    "versions": "versions",
    "chosen": "chosen",
    "note": "note",
    "seed": "seed",
    "redo_round": "redoRound",
    "last_redo": "lastRedo",
}
"""The record `ITEM#…#STATE`, written from the item's first claim on."""


NOT_STORED: Mapping[type, frozenset[str]] = {
    ItemSpec: frozenset({"cells"}),
    Item: frozenset({"cells"}),
}
"""What only the manifest keeps."""


def attributes_of(names: NestedNames) -> Iterator[str]:
    """Yield the attributes of a record, those of its nested records included."""
    for name in names.values():
        yield from [name] if isinstance(name, str) else name.values()


def spec_differs(before: Batch | None, after: Batch) -> bool:
    """Whether what is stored as the spec has changed; True if `before` is not known."""
    return before is None or any(
        getattr(before, name) != getattr(after, name) for name in BATCH_SPEC
    )
