"""Folders: a batch's shared one and those of its variants, created once and kept permanently."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from imagebatch.domain.asset_library import (
    Folder,
    LibraryImage,
    VariantFolder,
    folder_name,
    image_id,
    parse_folder_id,
)
from imagebatch.domain.batch import Batch
from imagebatch.domain.batch_manifest import BatchManifest
from imagebatch.domain.effective_status import effective_item_status
from imagebatch.domain.errors import NotFoundError
from imagebatch.domain.item import Item
from imagebatch.domain.statuses import ItemStatus, Kind
from imagebatch.intake.variants import folder_of
from imagebatch.ports.catalog import CatalogStore
from imagebatch.ports.library import LibraryStore
from imagebatch.ports.page import Page
from imagebatch.ports.records import BatchStore
from imagebatch.structs import Struct

LAST = 999_999
READS_AT_ONCE = 8


class OpenFolders(Struct, frozen=True):
    """Runs when a variant batch is submitted, and again when it is dispatched."""

    library: LibraryStore

    def __call__(self, batch: Batch, plan: BatchManifest) -> Folder | None:
        if batch.kind is not Kind.VARIANTS:
            return None
        found = self.library.folder(batch.owner, batch.id)
        if found is None:
            found = folder_of(batch, plan)
            self.library.open(batch.owner, found)
        return found


class FolderImage(Struct, frozen=True):
    """An image in a folder; `index` is its item's index."""

    id: str
    index: int
    key: str
    file: str
    created_at: datetime
    thumbnail: bool | None


class OpenedFolder(Struct, frozen=True):
    """`next_index` is where the next page starts."""

    name: str
    batch_id: str
    variant_id: int | None
    pictures: Sequence[FolderImage]
    next_index: int | None


class ReadFolder(Struct, frozen=True):
    """In the batch's order. A variant batch's folders outlive it; others are deleted with their
    batch.
    """

    library: LibraryStore
    store: BatchStore

    def __call__(self, owner: str, folder_id: str, *, limit: int, start: int) -> OpenedFolder:
        """NotFoundError for an ID that is not a folder of this owner."""
        batch_id, variant_id = parse_folder_id(folder_id) or ("", None)
        folder = self.library.folder(owner, batch_id) if batch_id else None
        if folder is not None:
            return self._kept(owner, folder, variant_id, limit, start)
        batch = self.store.get(owner, batch_id) if batch_id else None
        if batch is None or variant_id is not None:
            raise no_folder()
        pictures = self._of_batch(batch, limit + 1, start)
        return _page(folder_name(batch), batch.id, None, pictures, limit)

    def _kept(
        self, owner: str, folder: Folder, variant_id: int | None, limit: int, start: int
    ) -> OpenedFolder:
        name, first, last = folder.name, 0, LAST
        if variant_id is not None:
            own = folder.of(variant_id)
            if own is None:
                raise no_folder()
            name, first, last = own_name(folder, own), own.first, own.first + own.count - 1
        images = self.library.images_in(
            owner, folder.batch_id, first=max(first, start), last=last, limit=limit + 1
        )
        return _page(name, folder.batch_id, variant_id, [*map(folder_image, images)], limit)

    def _of_batch(self, batch: Batch, limit: int, start: int) -> list[FolderImage]:
        found: list[FolderImage] = []
        for picture in pictures_of(batch, self.store.items(batch.owner, batch.id, start=start)):
            found.append(picture)
            if len(found) == limit:
                break
        return found


class ListFolders(Struct, frozen=True):
    """A variant's folders, newest first, each with all of its images."""

    library: LibraryStore
    catalog: CatalogStore

    def __call__(
        self, owner: str, variant_id: int, *, limit: int, cursor: str | None
    ) -> Page[OpenedFolder]:
        """NotFoundError for a variant that is not in the catalog and never was in a batch."""
        page = self.library.folders_of(owner, variant_id, limit=limit, cursor=cursor)
        if not page.items and not self.catalog.get_many(owner, [variant_id]):
            raise NotFoundError("variant-not-found", "Variant not found", title="Not found")
        with ThreadPoolExecutor(READS_AT_ONCE) as pool:
            folders = pool.map(lambda folder: self._opened(owner, folder), page.items)
            return Page(list(folders), page.cursor)

    def _opened(self, owner: str, folder: Folder) -> OpenedFolder:
        own = folder.variants[0]
        last = own.first + own.count - 1
        images = self.library.images_in(
            owner, folder.batch_id, first=own.first, last=last, limit=own.count
        )
        pictures = [folder_image(image) for image in images]
        return OpenedFolder(own_name(folder, own), folder.batch_id, own.variant_id, pictures, None)


def own_name(folder: Folder, own: VariantFolder) -> str:
    return f"{folder.name} / {own.name.replace('_', ' ')}"


def pictures_of(batch: Batch, items: Iterator[Item]) -> Iterator[FolderImage]:
    for item in items:
        if effective_item_status(batch, item) is ItemStatus.SUCCEEDED and item.image is not None:
            yield FolderImage(
                image_id(batch.id, item.index),
                item.index,
                item.image.key,
                item.file or "",
                item.state.settled_at or batch.created_at,
                item.image.thumbnail,
            )


def folder_image(image: LibraryImage) -> FolderImage:
    return FolderImage(
        image.id, image.index, image.key, image.file, image.created_at, image.thumbnail
    )


def no_folder() -> NotFoundError:
    return NotFoundError("folder-not-found", "Folder not found", title="Not found")


def _page(
    name: str, batch_id: str, variant_id: int | None, pictures: Sequence[FolderImage], limit: int
) -> OpenedFolder:
    following = pictures[limit].index if len(pictures) > limit else None
    return OpenedFolder(name, batch_id, variant_id, pictures[:limit], following)
