"""An item: its spec, its state and its images."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from imagebatch.domain.errors import Failure, FailureCode
from imagebatch.domain.images import Image, Version
from imagebatch.domain.item_state import ItemState, Lease
from imagebatch.domain.model_registry import Quality
from imagebatch.domain.money import ZERO
from imagebatch.domain.statuses import ItemStatus
from imagebatch.structs import Struct, field, replace

TRIES = 2
"""Maximum creates for one item in a round, including lost responses and invalid images."""


class LastRedo(Struct, frozen=True):
    """Why the last redo of an item produced no image. `code` is None if the redo was cancelled."""

    round: int
    reason: str
    code: FailureCode | None = None


class ItemSpec(Struct, frozen=True, kw_only=True):
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
        values = {name: getattr(self, name) for name in ItemSpec.__struct_fields__}
        status = ItemStatus.FAILED if self.failure else ItemStatus.PENDING
        return Item(**values | {"cells": ()}, state=ItemState(status=status))


class Item(ItemSpec, frozen=True, kw_only=True):
    """An item's spec, its state, its images and its last redo.

    `status` and `round` are the state's: nearly everything asks for them. Of the spec, only
    `failure` changes: it is set if the item fails.
    """

    state: ItemState = field(default_factory=ItemState)
    version: int = 0
    """Incremented each time the item is written; 0 before the first claim."""

    model: str = ""
    """The model that was used last."""
    cost: Decimal = ZERO
    """The amount spent in all rounds."""
    image: Image | None = None
    file: str | None = None
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

    @property
    def status(self) -> ItemStatus:
        return self.state.status

    @property
    def round(self) -> int:
        return self.state.round

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
            created_at=self.state.settled_at,
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

    def with_lease(self, lease: Lease | None) -> "Item":
        return replace(self, state=replace(self.state, lease=lease))
