"""An item: its spec and its processing state."""

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
"""Maximum creates for one item in a round, including lost responses and invalid images."""


@dataclass(frozen=True, slots=True)
class Lease:
    """Exclusive access of one delivery to an item, until its invocation must have ended."""

    token: str
    until: datetime


@dataclass(frozen=True, slots=True)
class LastRedo:
    """Why the last redo of an item produced no image. `code` is None if the redo was cancelled."""

    round: int
    reason: str
    code: FailureCode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemSpec:
    """One image to generate, as accepted. Immutable.

    `failure` is set if the intake rejected the row; such an item costs nothing. `cells` is the row
    as submitted; it is empty if the batch was not created from a sheet. `input` is the provider's
    input without `images`; `settings` are the client's settings, unchanged. `variant_id` is the
    product variant of the image, `archive_dir` its directory in the archive, and `stem` its file
    name without the extension.
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
    """The simulated outcome of the row in the first round of a rehearsal (rehearsal.py)."""

    def to_item(self) -> "Item":
        """Return the item in its initial state, without `cells`, which only the manifest stores."""
        values = {each.name: getattr(self, each.name) for each in fields(ItemSpec)}
        status = ItemStatus.FAILED if self.failure else ItemStatus.PENDING
        return Item(**values | {"cells": ()}, status=status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item(ItemSpec):
    """An item's spec and its state. Claiming or settling the item writes only the state.

    `round` is the round in which the item was last claimed, or 0. `round_attempts` is the number of
    creates in round `attempts_round`. `reserved` is the amount committed for a create whose outcome
    is unknown; `cost` is the amount spent in all rounds. `create_in_flight` is set before a create
    and cleared when its response is stored: if a later delivery finds it set, the response was
    lost. `enqueued_positions` are the entries of the dispatch list that were enqueued when the item
    settled (dispatch_window.py).
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
    """Incremented each time the state is written; 0 before the first claim."""
    model: str = ""
    """The model that was used last."""
    versions: tuple[Version, ...] = ()
    """All generated images, oldest first. Empty while `image` is the only one."""
    chosen: int | None = None
    """The number of the version that a user chose; None means the newest."""
    note: str = ""
    """The note of the item's last redo. It is appended to the prompt."""
    seed: int | None = None
    """The seed of the item's last redo. It replaces the row's seed."""
    redo_round: int | None = None
    last_redo: LastRedo | None = None
    model_fixed: bool | None = None
    """Set if this model may have generated an image, so that this round must not use another."""
    unfit_image: Image | None = None
    """The image that made the round stop, stored for inspection."""
    failing_since: datetime | None = None
    """The time of the first of its consecutive failed creates."""
    lookup_failing_since: datetime | None = None
    """The time of the first failed lookup of its last create at the provider."""

    @property
    def rejected(self) -> bool:
        """Whether the intake rejected the item. It has no valid input, so no round runs it."""
        return self.status is ItemStatus.FAILED and self.round == 0

    @property
    def all_versions(self) -> tuple[Version, ...]:
        """All versions, including the single version of an item with one image."""
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
        """The version number of `image`; None without an image."""
        if self.image is None:
            return None
        return self.chosen or len(self.all_versions)

    @property
    def chosen_version(self) -> Version | None:
        number = self.chosen_number
        return None if number is None else self.all_versions[number - 1]

    def attempts_in(self, round_: int) -> int:
        return self.round_attempts if self.attempts_round == round_ else 0
