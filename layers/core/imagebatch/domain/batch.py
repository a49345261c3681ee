"""A batch and its items: the words, and what always adds up. Read this first, then transitions.py.

A batch's counts are eager and its items are lazy: cancelling or retrying ten thousand items is one
write to the batch, and what that made of an item nobody has touched since follows from the two
together (`effective_item_status`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any

from imagebatch.domain.errors import Failure, FailureCode
from imagebatch.domain.model_registry import ImageModel, Mode, Quality
from imagebatch.domain.notice import Notice
from imagebatch.domain.provenance import Provenance
from imagebatch.domain.redos import Redo

ZERO = Decimal(0)
TRIES = 2
"""How often a provider is asked for one item in a round, lost answers and bad pictures included."""
ERRORS_SHOWN = 20
REDO_CANCELLED = "The redo was cancelled"


class Kind(StrEnum):
    CARS = "cars"
    PROMPTS = "prompts"
    VARIANTS = "variants"
    SHEET = "sheet"


class BatchStatus(StrEnum):
    QUEUED = "queued"
    PROCESSING = "processing"
    CANCELLING = "cancelling"
    ARCHIVING = "archiving"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"
    EXPIRED = "expired"
    """Only ever shown, never stored: see `Batch.effective_status`."""


FINISHED = frozenset({BatchStatus.COMPLETED, BatchStatus.CANCELLED, BatchStatus.FAILED})
RUNNING = frozenset({BatchStatus.QUEUED, BatchStatus.PROCESSING})


class ItemStatus(StrEnum):
    PENDING = "pending"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


SETTLED = frozenset({ItemStatus.SUCCEEDED, ItemStatus.FAILED, ItemStatus.CANCELLED})


class Outcome(StrEnum):
    ALL_SUCCEEDED = "all_succeeded"
    PARTIAL = "partial"
    NONE_SUCCEEDED = "none_succeeded"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many items are in each status; they always add up to the batch's total."""

    pending: int = 0
    processing: int = 0
    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0

    def __post_init__(self) -> None:
        if min(self.pending, self.processing, self.succeeded, self.failed, self.cancelled) < 0:
            raise ValueError(f"a count below zero: {self}")

    @property
    def total(self) -> int:
        return self.pending + self.processing + self.settled

    @property
    def settled(self) -> int:
        return self.succeeded + self.failed + self.cancelled

    @property
    def unsettled(self) -> int:
        return self.pending + self.processing

    @property
    def percent(self) -> int:
        """Settled of all, half up; 100 only when all are settled."""
        if not self.unsettled:
            return 100
        share = Decimal(100 * self.settled) / self.total
        return min(99, int(share.quantize(Decimal(1), ROUND_HALF_UP)))

    def transfer(self, before: ItemStatus, after: ItemStatus, many: int = 1) -> "Counts":
        counts = {s.value: getattr(self, s.value) for s in ItemStatus}
        counts[before.value] -= many
        counts[after.value] += many
        return Counts(**counts)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of one delivery to work on an item, until its invocation is certainly over."""

    token: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Image:
    """A finished image as stored; the archive is checked against its `crc32` and `etag`."""

    key: str
    content_type: str
    size: int
    crc32: int
    etag: str
    width: int
    height: int
    thumbnail: bool | None = None
    """Whether a thumbnail is stored beside it, under `thumbnail_key(key)`."""
    provenance: Provenance | None = None


def thumbnail_key(image_key: str) -> str:
    """Where the thumbnail of the image with this key is: beside it, so that it expires with it."""
    return f"{image_key}.thumb.webp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One of the images that were made of an item.

    `cost` is what the item spent since the version before; `lost` when its object is gone.
    """

    round: int
    image: Image
    file: str
    model: str = ""
    note: str = ""
    cost: Decimal = ZERO
    created_at: datetime | None = None
    lost: bool = False


@dataclass(frozen=True, slots=True)
class LastRedo:
    """How a redo of an item that has an image ended without another; no code: it was cancelled."""

    round: int
    reason: str
    code: FailureCode | None = None


@dataclass(frozen=True, slots=True)
class Archive:
    key: str
    size: int
    entries: int
    failed_rows_key: str | None = None
    failed_rows_csv_key: str | None = None
    choices: int | None = None
    """The choices it was built with (versions.py)."""
    built_at: datetime | None = None


class ArchiveState(StrEnum):
    NONE = "none"
    BUILDING = "building"
    READY = "ready"
    EXPIRED = "expired"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why a batch waits, and until when.

    `since` is when the provider began to answer nothing else.
    """

    reason: str
    until: datetime
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reservation:
    """What an unfinished batch holds of its owner's account: a place, and money of one month.

    `amount` is the most that its round may commit on top of `committed_before`.
    """

    month: str
    amount: Decimal
    committed_before: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class ModelBlock:
    """Why a batch asks a model for nothing until then; None is for the rest of the round.

    `since` is when the model began to make nothing.
    """

    model: str
    reason: str
    since: datetime
    until: datetime | None

    def holds(self, now: datetime) -> bool:
        return self.until is None or self.until > now


@dataclass(frozen=True, slots=True)
class ItemError:
    """One line of a batch's `errors`."""

    index: int
    row: int | None
    custom_id: str
    failure: Failure
    rejected: bool = False
    """Failed at the intake, so that it stays failed in every round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemSpec:
    """One image to make, as it was accepted; it never changes.

    `failure` is set when the intake refused the row; then it costs nothing. `cells` is the row as
    submitted, empty where the batch did not come from a sheet. `input` is what the provider is sent
    but for `images`, `settings` what the client gave in its own words. `variant_id` is the variant
    the image is made for, `archive_dir` its directory in the archive, `stem` its file name without
    the extension.
    """

    index: int
    custom_id: str
    row: int | None
    prompt: str
    stem: str
    price: Decimal
    input: Mapping[str, Any] = field(default_factory=dict)
    aspect_ratio: str | None = None
    cells: tuple[str, ...] = ()
    failure: Failure | None = None
    images: tuple[str, ...] = ()
    quality: Quality = Quality.STANDARD
    archive_dir: str = ""
    variant_id: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    fate: str = ""
    """What the row is to meet in the first round of a rehearsal (rehearsal.py)."""

    def to_item(self) -> "Item":
        """The item before anything happened to it; only the manifest keeps its cells."""
        values = {each.name: getattr(self, each.name) for each in fields(ItemSpec)}
        status = ItemStatus.FAILED if self.failure else ItemStatus.PENDING
        return Item(**values | {"cells": ()}, status=status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item(ItemSpec):
    """An item's spec and what has happened to it, which is all that a claim or a settle writes.

    `round` is the round this item was last claimed in (0: never). `round_attempts` counts the
    creates of round `attempts_round`. `reserved` is money committed for a create whose end is not
    known yet, `cost` what was spent over all rounds. `create_in_flight` is true from before a
    create until its answer is saved: found true by a later delivery, that create's answer was lost.
    `enqueued_positions` are the entries of the dispatch list that its settling put into the queue
    (dispatch_window.py).
    """

    status: ItemStatus = ItemStatus.PENDING
    round: int = 0
    round_attempts: int = 0
    attempts_round: int = 0
    attempts: int = 0
    create_in_flight: bool = False
    create_started_at: datetime | None = None
    prediction: str | None = None
    lease: Lease | None = None
    deadline: datetime | None = None
    reserved: Decimal = ZERO
    cost: Decimal = ZERO
    image: Image | None = None
    file: str | None = None
    seconds: float | None = None
    started_at: datetime | None = None
    settled_at: datetime | None = None
    enqueued_positions: tuple[int, ...] = ()
    version: int = 0
    """How often what has happened to it was written; 0 before it was claimed."""
    model: str = ""
    """The model that was asked last."""
    versions: tuple[Version, ...] = ()
    """Every image that was made, oldest first, once there is more to tell than `image` does."""
    chosen: int | None = None
    """The number of the version that a person chose; None is the newest."""
    note: str = ""
    """What a person asked for when it was made again; it follows the prompt."""
    seed: int | None = None
    """That of its last redo, which replaces the row's own."""
    redo_round: int | None = None
    last_redo: LastRedo | None = None
    model_fixed: bool | None = None
    """No other model is asked in this round, because this one may have made an image."""
    unfit_image: Image | None = None
    """The picture whose fault stopped the round: it is kept to be looked at."""
    failing_since: datetime | None = None
    """Since when each of its creates has failed."""

    @property
    def rejected(self) -> bool:
        """Failed at the intake: it has no valid input, so no round can ever run it."""
        return self.status is ItemStatus.FAILED and self.round == 0

    @property
    def all_versions(self) -> tuple[Version, ...]:
        """The versions, of which an item with a single image keeps no list."""
        if self.versions or self.image is None:
            return self.versions
        only = Version(
            round=self.round,
            image=self.image,
            file=self.file or "",
            model=self.model,
            note=self.note,
            cost=self.cost,
            created_at=self.settled_at,
        )
        return (only,)

    @property
    def chosen_number(self) -> int | None:
        """The number of the version that `image` is; None without an image."""
        if self.image is None:
            return None
        return self.chosen or len(self.all_versions)

    @property
    def chosen_version(self) -> Version | None:
        number = self.chosen_number
        return None if number is None else self.all_versions[number - 1]

    def attempts_in(self, round_: int) -> int:
        return self.round_attempts if self.attempts_round == round_ else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSpec:
    """What was submitted. No item changes it, only a request about the batch as a whole."""

    id: str
    owner: str
    kind: Kind
    mode: Mode
    model: str
    created_at: datetime
    retention_ends_at: datetime
    name: str = ""
    estimated: Decimal = ZERO
    max_cost: Decimal | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    callback_url: str | None = None
    drop_key: str | None = None
    """The object in the drop folder this batch came from."""
    quality: Quality = Quality.STANDARD
    models: tuple[ImageModel, ...] = ()
    """The registry's entries this round was accepted with, of `model` and then of each fallback: no
    later edit of the registry changes a running batch.
    """
    notices: tuple[Notice, ...] = ()
    """What was noticed when its sheet was read."""
    redos: tuple[Redo, ...] = ()
    """The rounds that made chosen items again, oldest first; every other round but the first ran
    what had failed.
    """
    spec_version: int = 0
    """How often this part was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch(BatchSpec):
    """What a client submits and watches: what was submitted, the round, the money, the times.

    `version` numbers its changes without a gap.
    """

    counts: Counts
    status: BatchStatus = BatchStatus.QUEUED
    version: int = 0

    round: int = 1
    round_total: int = 0
    """How many items the current round runs."""
    last_dispatched_round: int = 0
    """The last round whose items are all stored and whose dispatch list is complete."""
    enqueued_count: int = 0
    """How many entries of the round's dispatch list were put into the queue."""
    attempt: int = 1
    """The finalizer's attempt in this round."""
    rejected: int = 0
    """How many items failed at the intake."""
    errors: tuple[ItemError, ...] = ()
    retry_request_id: str = ""
    """The request that opened this round."""
    pending_redos: int | None = None
    """How many of the pending items have an image, which a cancel gives them back."""
    choices: int | None = None
    """The choices that differ from the newest image, as one number (versions.py)."""
    waiting: Waiting | None = None
    blocks: tuple[ModelBlock, ...] = ()
    """What this round has learned of its models (fallback.py)."""
    abort_reason: Failure | None = None
    """Set when the provider refused our key, or made us wait too long: what is left of this round
    fails with it, unasked.
    """
    archive: Archive | None = None

    committed: Decimal = ZERO
    actual: Decimal = ZERO
    failed_price: Decimal | None = None
    """The price of all items that failed in this round: what a retry of them is estimated at."""
    reservation: Reservation | None = None
    """Held from the write that opens a round to the one that ends it; see budgets.py."""

    updated_at: datetime | None = None
    started_at: datetime | None = None
    round_started_at: datetime | None = None
    cancelling_at: datetime | None = None
    archiving_at: datetime | None = None
    finished_at: datetime | None = None
    expires_at: datetime | None = None
    rebuild_attempt: int | None = None
    """The last attempt that built the archive of a finished batch anew."""
    rebuilding_at: datetime | None = None
    """Since when such an attempt is at work."""

    @property
    def rebuilding(self) -> bool:
        return self.rebuilding_at is not None

    @property
    def total(self) -> int:
        return self.counts.total

    @property
    def entry(self) -> ImageModel:
        """The entry of the model that this round runs on."""
        return self.models[0]

    @property
    def redo(self) -> Redo | None:
        """The current round's, when it is one that makes chosen items again."""
        last = self.redos[-1] if self.redos else None
        return last if last is not None and last.round == self.round else None

    @property
    def chain(self) -> tuple[str, ...]:
        """The models that this round may ask, in order."""
        return tuple(entry.id for entry in self.models) or (self.model,)

    def entry_of(self, model: str) -> ImageModel | None:
        return next((entry for entry in self.models if entry.id == model), None)

    @property
    def finished(self) -> bool:
        return self.status in FINISHED

    @property
    def outcome(self) -> Outcome | None:
        if not self.finished:
            return None
        if self.counts.succeeded == self.total:
            return Outcome.ALL_SUCCEEDED
        return Outcome.PARTIAL if self.counts.succeeded else Outcome.NONE_SUCCEEDED

    def expired(self, now: datetime) -> bool:
        return self.finished and self.expires_at is not None and now >= self.expires_at

    def effective_status(self, now: datetime) -> BatchStatus:
        return BatchStatus.EXPIRED if self.expired(now) else self.status

    def available_archive(self, now: datetime) -> Archive | None:
        """The current round's archive while it may be handed out."""
        return self.archive if self.finished and not self.expired(now) else None

    def archive_state(self, now: datetime) -> ArchiveState:
        if self.rebuilding or self.status is BatchStatus.ARCHIVING:
            return ArchiveState.BUILDING
        if not self.finished:
            return ArchiveState.NONE
        if self.available_archive(now) is not None:
            return ArchiveState.READY
        return ArchiveState.EXPIRED if self.expired(now) else ArchiveState.FAILED

    @property
    def archive_outdated(self) -> bool:
        """Whether the archive has other images than those that are chosen now."""
        return self.archive is not None and (self.archive.choices or 0) != (self.choices or 0)

    @property
    def building_since(self) -> datetime | None:
        return self.rebuilding_at or self.archiving_at

    def eta(self, now: datetime) -> datetime | None:
        """When this round's last item settles at the pace so far; null until there is a pace."""
        done = self.round_total - self.counts.unsettled
        if self.status is not BatchStatus.PROCESSING or not self.round_started_at or done < 1:
            return None
        pace = (now - self.round_started_at) / done
        return now + pace * self.counts.unsettled

    def waiting_for(self, now: datetime) -> Waiting | None:
        return self.waiting if self.waiting and self.waiting.until > now else None


def effective_item_status(batch: Batch, item: Item) -> ItemStatus:
    """What an item's record means, given what happened to its batch since it was written.

    An item that the round runs and nobody has claimed yet is pending; a cancel leaves it with the
    image it had, or cancelled.
    """
    touched = item.round == batch.round and item.status in SETTLED
    if touched or item.rejected or item.status is ItemStatus.PROCESSING:
        return item.status
    if waits_in_round(batch, item) and batch.cancelling_at is None:
        return ItemStatus.PENDING
    if waits_in_round(batch, item) or _was_cancelled(batch, item):
        return ItemStatus.SUCCEEDED if item.image else ItemStatus.CANCELLED
    return item.status


def waits_in_round(batch: Batch, item: Item) -> bool:
    """Whether the current round was opened with the item, and nobody has claimed it in it."""
    if item.round == batch.round or item.rejected:
        return False
    if batch.redo is not None:
        return batch.redo.includes(item.index)
    if item.status is ItemStatus.PENDING:
        return item.round + 1 == batch.round
    return item.status is ItemStatus.FAILED and not _was_cancelled(batch, item)


def last_redo_of(batch: Batch, item: Item) -> LastRedo | None:
    """How the item's last redo ended, if it gave no image; a cancel may not be in its record."""
    over = batch.round if batch.cancelling_at is None else batch.round + 1
    left = [r for r in batch.redos if item.round < r.round < over and r.includes(item.index)]
    if left and item.image is not None:
        return LastRedo(left[-1].round, REDO_CANCELLED)
    return item.last_redo


def _was_cancelled(batch: Batch, item: Item) -> bool:
    """Whether a round before this one was to run the item and was cancelled before it did."""
    between = range(item.round + 1, batch.round)
    if item.status is ItemStatus.PENDING:
        return bool(between)
    if item.status is not ItemStatus.FAILED:
        return False
    redos = {redo.round: redo for redo in batch.redos}
    return any(n not in redos or redos[n].includes(item.index) for n in between)
