"""Imports and searches the owner's catalog."""

from imagebatch.domain.errors import ConflictError, UnavailableError
from imagebatch.intake.catalog import Variant
from imagebatch.intake.catalog_import import CatalogImport
from imagebatch.ports.catalog import CatalogStore
from imagebatch.ports.page import Page
from imagebatch.structs import Struct


class ImportVariants(Struct, frozen=True):
    store: CatalogStore

    def __call__(self, owner: str, found: CatalogImport) -> int:
        """Store all variants of an import and return how many are new; repeating it has no further
        effect.
        """
        try:
            return self.store.upsert(owner, found.variants)
        except ConflictError as error:
            raise UnavailableError("another import was at the same variants each time") from error


class ListVariants(Struct, frozen=True):
    store: CatalogStore

    def __call__(self, owner: str, *, words: str, limit: int, cursor: str | None) -> Page[Variant]:
        """Return variants with `words` in one of their titles, or all of them."""
        wanted = words.strip().casefold()
        return self.store.list_variants(
            owner, limit=limit, cursor=cursor, keep=lambda variant: variant.matches(wanted)
        )
