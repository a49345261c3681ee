"""What builds the archive."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from imagebatch.formats.zip_layout import TextMember


@dataclass(frozen=True, slots=True)
class StoredMember:
    """A file of the archive that is a stored object, with the properties recorded when it was
    stored.
    """

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
        """Remove what a killed build has left of an unfinished archive."""
        ...


class BadMembersError(Exception):
    """Stored objects are missing, overwritten or damaged; `reasons` has one per name."""

    def __init__(self, reasons: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {reason}" for name, reason in reasons.items()))
        self.reasons = dict(reasons)
