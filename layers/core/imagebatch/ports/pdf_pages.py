"""What draws the PDF of a batch."""

from collections.abc import Sequence
from typing import Protocol

from imagebatch.ports.archive import StoredMember
from imagebatch.structs import Struct


class Pages(Struct, frozen=True):
    """The PDF as a file of the archive, and the names of the images without a page.

    `member` is None if no page could be drawn, or if building it failed too often.
    """

    member: StoredMember | None
    left_out: tuple[str, ...] = ()


class PagesBuilder(Protocol):
    """A PDF with one image per page, in order and lossless."""

    def build(self, key: str, images: Sequence[StoredMember]) -> None:
        """Store the PDF, visible as a whole or not at all; an image that cannot be drawn is
        omitted.

        BadMembersError and UnavailableError as in `ArchiveBuilder`. After repeated failures or
        kills it gives up, so that a PDF never blocks an archive.
        """
        ...

    def find(self, key: str, images: Sequence[StoredMember]) -> Pages | None:
        """Return the stored PDF of exactly these images; None before it was built."""
        ...

    def discard(self, key: str) -> None: ...
