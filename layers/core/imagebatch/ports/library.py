"""The folders of images, kept beyond their batches."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from imagebatch.domain.asset_library import Folder, LibraryImage
from imagebatch.ports.page import Page


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
