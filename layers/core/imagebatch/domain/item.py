"""An item: what is to be made, and what has happened to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from imagebatch.domain.errors import Failure, FailureCode
from imagebatch.domain.images import Image, Version
from imagebatch.domain.model_registry import Quality
from imagebatch.domain.money import ZERO
from imagebatch.domain.statuses import ItemStatus

TRIES = 2
"""How often a provider is asked for one item in a round, lost answers and bad images included."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of one delivery to work on an item, until its invocation is certainly over."""

    token: str
    until: datetime


@dataclass(frozen=True, slots=True)
class LastRedo:
    """How a redo of an item that has an image ended without another; no code: it was cancelled."""

    round: int
    reason: str
    code: FailureCode | None = None


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
    """The image whose fault stopped the round: it is kept to be looked at."""
    failing_since: datetime | None = None
    """Since when each of its creates has failed."""
    lookup_failing_since: datetime | None = None
    """When the provider could first not be asked for its last create."""

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
