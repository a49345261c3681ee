"""The folders of images, kept beyond their batches."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from imagebatch.domain.asset_library import Folder, LibraryImage
from imagebatch.ports.page import Page


class LibraryStore(Protocol):
    """The images generated for variants, kept permanently. BatchStore.commit writes them."""

    def open(self, owner: str, folder: Folder) -> None:
        """Store a batch's folders; repeating it has no further effect."""
        ...

    def folder(self, owner: str, batch_id: str) -> Folder | None: ...

    def folders_of(
        self, owner: str, variant_id: int, *, limit: int, cursor: str | None = None
    ) -> Page[Folder]:
        """Return the batches with a folder of the variant, newest first, each with that folder
        alone.

        InvalidRequestError for an invalid cursor.
        """
        ...

    def images_of(self, owner: str, variant_id: int, limit: int) -> Sequence[LibraryImage]:
        """The variant's newest images, newest first, in one query."""
        ...

    def images_in(
        self, owner: str, batch_id: str, *, first: int, last: int, limit: int
    ) -> Sequence[LibraryImage]:
        """Return the images of the batch's items from `first` to `last`, in order."""
        ...

    def remove_image(self, owner: str, batch_id: str, index: int) -> None:
        """Remove an image from both of its folders; no effect if it does not exist."""
        ...

    def get_images(
        self, owner: str, places: Sequence[tuple[str, int]]
    ) -> Mapping[tuple[str, int], LibraryImage]:
        """Return those that exist, by batch and index."""
        ...
