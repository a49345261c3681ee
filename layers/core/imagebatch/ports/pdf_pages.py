"""What draws the PDF of a batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from imagebatch.ports.archive import StoredMember


@dataclass(frozen=True, slots=True)
class Pages:
    """The PDF as a file of the archive, and the names of the images that have no page in it.

    `member` is None when no page could be drawn, and when building it failed too often.
    """

    member: StoredMember | None
    left_out: tuple[str, ...] = ()


class PagesBuilder(Protocol):
    """A PDF with an image a page, in order and without loss."""

    def build(self, key: str, images: Sequence[StoredMember]) -> None:
        """Stores the PDF, seen whole or not at all; an image that cannot be drawn is left out.

        BadMembersError and UnavailableError as in `ArchiveBuilder`. Called again after it failed or
        was killed it gives up at last, so that a PDF never keeps an archive from being built.
        """
        ...

    def find(self, key: str, images: Sequence[StoredMember]) -> Pages | None:
        """What became of the PDF of exactly these images; None before it was built."""
        ...

    def discard(self, key: str) -> None: ...
