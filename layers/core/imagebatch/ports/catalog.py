"""An owner's product variants."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from imagebatch.intake.catalog import Variant
from imagebatch.ports.page import Page


class CatalogStore(Protocol):
    """The owner's product variants. Every read is consistent."""

    def upsert(self, owner: str, variants: Sequence[Variant]) -> int:
        """Stores all, each whole or not at all; returns how many were not there before.

        ConflictError when others kept changing the same ones; what was stored by then stays.
        """
        ...

    def get_many(self, owner: str, variant_ids: Sequence[int]) -> Mapping[int, Variant]:
        """Those that are there."""
        ...

    def delete(self, owner: str, variant_id: int) -> None:
        """Does nothing where there is none. ConflictError when others kept changing it."""
        ...

    def list_variants(
        self,
        owner: str,
        *,
        limit: int,
        cursor: str | None = None,
        keep: Callable[[Variant], bool] = lambda _: True,
    ) -> Page[Variant]:
        """By product id, then variant id. InvalidRequestError for a cursor that is not ours."""
        ...
