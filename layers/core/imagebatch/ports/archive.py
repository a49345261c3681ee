"""What builds the archive."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from imagebatch.formats.zip_layout import TextMember
from imagebatch.structs import Struct


class StoredMember(Struct, frozen=True):
    """A file of the archive that is a stored object, with the properties recorded when it was
    stored.
    """

    name: str
    key: str
    size: int
    crc32: int
    etag: str


type ArchiveMember = TextMember | StoredMember


class BuiltArchive(Struct, frozen=True):
    key: str
    size: int
    entries: int


class ArchiveBuilder(Protocol):
    def build(
        self, key: str, members: Sequence[ArchiveMember], *, modified: datetime
    ) -> BuiltArchive:
        """Store the members as a ZIP, in order, each with the modification time `modified`.

        The ZIP becomes visible only when it is complete. The same arguments produce the same bytes;
        an existing ZIP is reused, and the remains of a killed build are removed. BadMembersError if
        objects differ from their records, UnavailableError if the store fails; in both cases
        nothing remains.
        """
        ...

    def discard(self, key: str) -> None:
        """Remove the remains of a killed build."""
        ...


class BadMembersError(Exception):
    """Stored objects are missing, overwritten or damaged; `reasons` has one per name."""

    def __init__(self, reasons: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {reason}" for name, reason in reasons.items()))
        self.reasons = dict(reasons)
