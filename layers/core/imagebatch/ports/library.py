"""What is kept beyond a batch: the catalog, folders of images, uploads."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from imagebatch.domain.asset_library import Folder, LibraryImage
from imagebatch.intake.catalog import Variant
from imagebatch.intake.uploads import Upload, UploadKind
from imagebatch.ports.records import Page


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


class LibraryStore(Protocol):
    """What was made for variants, kept for ever. BatchStore.commit writes the images."""

    def open(self, owner: str, folder: Folder) -> None:
        """Stores a batch's folders; again it is the same."""
        ...

    def folder(self, owner: str, batch_id: str) -> Folder | None: ...

    def folders_of(
        self, owner: str, variant_id: int, *, limit: int, cursor: str | None = None
    ) -> Page[Folder]:
        """The batches with a folder of the variant's, newest first, each with that folder alone.

        InvalidRequestError for a cursor that is not ours.
        """
        ...

    def images_of(self, owner: str, variant_id: int, limit: int) -> Sequence[LibraryImage]:
        """The variant's newest images, newest first, in one query."""
        ...

    def images_in(
        self, owner: str, batch_id: str, *, first: int, last: int, limit: int
    ) -> Sequence[LibraryImage]:
        """The images of the batch's items from `first` to `last`, in their order."""
        ...

    def remove_image(self, owner: str, batch_id: str, index: int) -> None:
        """Takes an image out of both of its folders; does nothing where there is none."""
        ...

    def get_images(
        self, owner: str, places: Sequence[tuple[str, int]]
    ) -> Mapping[tuple[str, int], LibraryImage]:
        """Those that are there, by batch and index."""
        ...


class UploadStore(Protocol):
    """The records of uploads. Every read is consistent."""

    def create(self, upload: Upload) -> None:
        """Stores a new upload. ConflictError when the id is taken."""
        ...

    def settle(self, upload: Upload) -> None:
        """Writes over an upload that is being checked. ConflictError when it was settled, or is
        gone.
        """
        ...

    def get(self, owner: str, upload_id: str) -> Upload | None: ...

    def get_many(self, owner: str, upload_ids: Sequence[str]) -> Mapping[str, Upload]:
        """Those of them that are this owner's, by id, however many."""
        ...

    def delete(self, owner: str, upload_id: str) -> None:
        """Does nothing where there is none of this owner's."""
        ...

    def owner_of(self, upload_id: str) -> str | None:
        """Whose upload an object belongs to that has arrived in the bucket."""
        ...

    def list_uploads(
        self,
        owner: str,
        *,
        limit: int,
        cursor: str | None = None,
        kind: UploadKind | None = None,
        keep: Callable[[Upload], bool] = lambda _: True,
    ) -> Page[Upload]:
        """The owner's uploads, newest first. InvalidRequestError for a cursor that is not ours."""
        ...
