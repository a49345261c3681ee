"""Candidates for reference images: the variant's own, generated ones, uploads."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from imagebatch.domain.asset_library import LibraryImage
from imagebatch.domain.uploads import Upload, UploadKind
from imagebatch.intake.catalog import Variant
from imagebatch.ports.catalog import CatalogStore
from imagebatch.ports.library import LibraryStore
from imagebatch.ports.uploads import UploadStore
from imagebatch.structs import Struct
from imagebatch.usecases.plan_variant_batch import known_variants

NEWEST_IMAGES = 50
NEWEST_UPLOADS = 200
READS_AT_ONCE = 8


class Candidates(Struct, frozen=True):
    variants: Sequence[tuple[Variant, Sequence[LibraryImage]]]
    uploads: Sequence[Upload]


class ImageCandidates(Struct, frozen=True):
    catalog: CatalogStore
    library: LibraryStore
    uploads: UploadStore

    def __call__(self, owner: str, variant_ids: Sequence[int]) -> Candidates:
        """UnprocessableError lists variants that are not in the catalog. One query per variant."""
        known = known_variants(self.catalog, owner, variant_ids, "variantIds.{}")
        with ThreadPoolExecutor(READS_AT_ONCE) as pool:
            uploads = pool.submit(self._uploads, owner)
            images = pool.map(
                lambda variant: self.library.images_of(owner, variant.id, NEWEST_IMAGES), known
            )
            return Candidates(list(zip(known, images, strict=True)), uploads.result())

    def _uploads(self, owner: str) -> Sequence[Upload]:
        page = self.uploads.list_uploads(
            owner, limit=NEWEST_UPLOADS, kind=UploadKind.PRODUCT, keep=lambda upload: upload.ready
        )
        return page.items
