"""What builds the archive and its PDF."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from imagebatch.formats.zip_layout import TextMember


@dataclass(frozen=True, slots=True)
class StoredMember:
    """A file of the archive that is a stored object, and what was recorded when it was made."""

    name: str
    key: str
    size: int
    crc32: int
    etag: str


type ArchiveMember = TextMember | StoredMember


@dataclass(frozen=True, slots=True)
class BuiltArchive:
    key: str
    size: int
    entries: int


class ArchiveBuilder(Protocol):
    def build(
        self, key: str, members: Sequence[ArchiveMember], *, modified: datetime
    ) -> BuiltArchive:
        """Stores the members as a ZIP, in their order, each dated `modified`.

        It is seen whole or not at all. The same arguments make the same bytes; built before, it is
        found, and what a killed build left is removed. BadMembersError when objects are not what
        was recorded, UnavailableError when the store fails; then nothing is left behind.
        """
        ...

    def discard(self, key: str) -> None:
        """Removes what a build that was killed has left of an unfinished archive."""
        ...


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


class BadMembersError(Exception):
    """Stored objects are gone, were overwritten or are damaged; `reasons` has one for each name."""

    def __init__(self, reasons: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {reason}" for name, reason in reasons.items()))
        self.reasons = dict(reasons)
