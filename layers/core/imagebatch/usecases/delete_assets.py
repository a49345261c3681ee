"""Deletes single assets of an owner: an upload, a variant, an image; missing ones are ignored.

Objects are deleted before records: an interrupted deletion is still listed, and can be repeated.
"""

from imagebatch.domain.asset_library import parse_folder_id, parse_image_id
from imagebatch.domain.batch import Batch
from imagebatch.domain.batch_manifest import decode_manifest
from imagebatch.domain.errors import NotFoundError, StateConflictError
from imagebatch.domain.item import Item
from imagebatch.ports.catalog import CatalogStore
from imagebatch.ports.library import LibraryStore
from imagebatch.ports.objects import ObjectStore
from imagebatch.ports.uploads import UploadStore
from imagebatch.structs import Struct, replace
from imagebatch.usecases import keys
from imagebatch.usecases.delete_batch import OutboxNames
from imagebatch.usecases.records import BatchRepository, Pair


class CheckNotInUse(Struct, frozen=True):
    """StateConflictError that names the unfinished batch that still needs an object."""

    records: BatchRepository
    media: ObjectStore

    def __call__(self, owner: str, *prefixes: str) -> None:
        wanted = tuple(keys.S3_PREFIX + prefix for prefix in prefixes)
        for batch in self.records.store.unfinished_batches(owner):
            plan = self.media.get(keys.plan(batch.id))
            items = decode_manifest(plan).items if plan else ()
            if any(image.startswith(wanted) for item in items for image in item.images):
                raise in_use(batch)


class DeleteUpload(Struct, frozen=True):
    uploads: UploadStore
    media: ObjectStore
    check_not_in_use: CheckNotInUse

    def __call__(self, owner: str, upload_id: str) -> None:
        if self.uploads.get(owner, upload_id) is None:
            return
        self.check_not_in_use(owner, keys.upload(upload_id))
        self.media.delete(keys.upload(upload_id))
        self.media.delete(keys.incoming(upload_id))
        self.uploads.delete(owner, upload_id)


class DeleteVariant(Struct, frozen=True):
    """Its generated images stay with their batches."""

    catalog: CatalogStore

    def __call__(self, owner: str, variant_id: int) -> None:
        self.catalog.delete(owner, variant_id)


class DeleteImage(Struct, frozen=True):
    """An image is removed from both of its folders, its batch and the batch's archive, which is
    deleted and can be rebuilt.
    """

    records: BatchRepository
    library: LibraryStore
    media: ObjectStore
    check_not_in_use: CheckNotInUse
    outbox_names: OutboxNames

    def __call__(self, owner: str, folder_id: str, image_id: str) -> None:
        place = self._place(owner, folder_id, image_id)
        if place is None:
            return
        batch = self.records.store.get(owner, place[0])
        if batch is not None and not batch.finished:
            raise in_use(batch)
        prefixes = keys.images_of_item(*place)
        self.check_not_in_use(owner, *prefixes)
        if batch is not None:
            self._delete_archives(batch)
        for prefix in prefixes:
            self.media.delete_folder(prefix)
        if batch is not None:
            self._forget(batch, place[1])
        self.library.remove_image(owner, *place)

    def _place(self, owner: str, folder_id: str, image_id: str) -> tuple[str, int] | None:
        """Return the image's batch and index, if it is this owner's and in this folder."""
        place, folder = parse_image_id(image_id), parse_folder_id(folder_id)
        if place is None or folder is None or folder[0] != place[0]:
            return None
        kept = self.library.folder(owner, place[0])
        if folder[1] is not None:
            own = kept.of(folder[1]) if kept else None
            return place if own is not None and own.has(place[1]) else None
        return place if kept or self.records.store.get(owner, place[0]) else None

    def _delete_archives(self, batch: Batch) -> None:
        self.media.delete_folder(keys.archives(batch.id))
        for name in self.outbox_names(batch.id, batch.drop_key):
            self.media.delete(f"{name}.zip")

    def _forget(self, batch: Batch, index: int) -> None:
        now = self.records.clock.now()

        def forget(batch: Batch, item: Item) -> Pair:
            if item.image is None:
                return batch, item
            ended = replace(batch, state=replace(batch.state, archive=None), expires_at=now)
            without = replace(item, image=None, file=None, versions=(), chosen=None)
            return ended, without

        found = self.records.find(batch.owner, batch.id, index)
        if found is not None:
            try:
                self.records.update_item(*found, forget)
            except NotFoundError:
                return  # the batch was deleted in the meantime


def in_use(batch: Batch) -> StateConflictError:
    name = f"{batch.name!r} ({batch.id})" if batch.name else batch.id
    return StateConflictError(
        "in-use",
        "An unfinished batch uses it",
        detail=f"The batch {name} is {batch.status}. Wait until it has ended, or cancel it.",
    )
