from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from imagebatch.ports.archive import ArchiveBuilder, ArchiveMember, BuiltArchive, StoredMember
from imagebatch.ports.pdf_pages import Pages, PagesBuilder


@dataclass
class ListingBuilder(ArchiveBuilder):
    """Keeps the list of members instead of a ZIP."""

    built: dict[str, list[ArchiveMember]] = field(default_factory=dict)
    faults: list[Exception] = field(default_factory=list)

    def build(self, key: str, members: Sequence[ArchiveMember], *, modified: Any) -> BuiltArchive:
        if self.faults:
            raise self.faults.pop(0)
        self.built[key] = list(members)
        return BuiltArchive(key, 1, len(members))

    def discard(self, key: str) -> None: ...

    def images(self, key: str) -> list[str]:
        return [each.name for each in self.built[key] if isinstance(each, StoredMember)]


@dataclass
class ListingPages(PagesBuilder):
    """Keeps the list of images instead of a PDF."""

    drawn: dict[str, list[StoredMember]] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    faults: list[Exception] = field(default_factory=list)

    def build(self, key: str, images: Sequence[StoredMember]) -> None:
        if self.faults:
            raise self.faults.pop(0)
        self.drawn[key] = list(images)

    def find(self, key: str, images: Sequence[StoredMember]) -> Pages | None:
        if self.drawn.get(key) != list(images):
            return None
        drawn = len(self.left_out) < len(images)
        member = StoredMember("pages.pdf", key, 1, 0, "") if drawn else None
        return Pages(member, self.left_out)

    def discard(self, key: str) -> None:
        self.drawn.pop(key, None)
