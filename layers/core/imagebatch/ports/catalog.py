"""An owner's product variants."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from imagebatch.intake.catalog import Variant
from imagebatch.ports.page import Page


class CatalogStore(Protocol):
    """The owner's product variants. Every read is consistent."""

    def upsert(self, owner: str, variants: Sequence[Variant]) -> int:
        """Store each one atomically; return how many are new.

        ConflictError if concurrent writes kept changing the same ones; those already stored remain.
        """
        ...

    def get_many(self, owner: str, variant_ids: Sequence[int]) -> Mapping[int, Variant]:
        """Return those that exist."""
        ...

    def delete(self, owner: str, variant_id: int) -> None:
        """No effect if it does not exist. ConflictError if others kept changing it."""
        ...

    def list_variants(
        self,
        owner: str,
        *,
        limit: int,
        cursor: str | None = None,
        keep: Callable[[Variant], bool] = lambda _: True,
    ) -> Page[Variant]:
        """Ordered by product ID, then variant ID. InvalidRequestError for an invalid cursor."""
        ...
