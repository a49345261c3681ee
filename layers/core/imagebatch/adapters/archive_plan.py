"""What goes where in an archive: texts, parts, and the reads that fill the rest."""

import hashlib
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from imagebatch.adapters.s3_multipart import PART_SIZE, Part, split
from imagebatch.adapters.sources import DAMAGED, BadMemberError
from imagebatch.formats import crc32
from imagebatch.formats.zip_layout import Member, plan_zip
from imagebatch.ports import ArchiveMember, StoredMember, TextMember

MAX_READ_BYTES = PART_SIZE
"""No longer than a part, so that no read needs more than two parts in memory."""


@dataclass(slots=True)
class Source:
    """A stored member while it is read; `last` is the part that holds its end."""

    member: StoredMember
    last: int
    checksums: dict[int, int] = field(default_factory=dict)

    def record_crc(self, first: int, checksum: int) -> bool:
        """Records the CRC of the piece at `first`; true once all pieces are in and right."""
        self.checksums[first] = checksum
        size = self.member.size
        if len(self.checksums) < -(-size // MAX_READ_BYTES):
            return False
        total = 0
        for start, piece in sorted(self.checksums.items()):
            total = crc32.crc32_combine(total, piece, min(MAX_READ_BYTES, size - start))
        if total != self.member.crc32:
            raise BadMemberError(self.member, DAMAGED)
        return True


@dataclass(frozen=True, slots=True)
class Read:
    """Bytes `first` to `first + length` of a source, which begin at `start` in the archive."""

    source: Source
    first: int
    length: int
    start: int
    parts: tuple[Part, ...]


class ArchivePlan:
    def __init__(self, members: Sequence[ArchiveMember], modified: datetime) -> None:
        self._members = members
        layout = plan_zip(map(_in_zip, members), modified)
        self._placed = layout.members
        self.size = layout.size
        self._texts = [
            (start, text)
            for place, member in zip(layout.members, members, strict=True)
            for start, text in (
                (place.offset, place.header),
                (place.body, member.body if isinstance(member, TextMember) else b""),
            )
            if text
        ]
        self._texts.append((layout.directory_offset, layout.directory))
        self._starts = [start for start, _ in self._texts]
        ends = [p.end for p, m in zip(layout.members, members, strict=True) if _is_read(m)]
        tail = max(ends, default=0)
        self.tail_md5, self.fingerprint = _digests(
            text for start, text in self._texts if start >= tail
        )
        self.parts = split(tail, self.size)
        self._part_starts = [part.start for part in self.parts]

    def fill(self, part: Part, buffer: bytearray) -> None:
        """Writes what is known ahead into the part's buffer."""
        first = max(0, bisect_right(self._starts, part.start) - 1)
        for start, text in self._texts[first : bisect_left(self._starts, part.end)]:
            low, high = max(start, part.start), min(start + len(text), part.end)
            if low < high:
                buffer[low - part.start : high - part.start] = text[low - start : high - start]

    def reads(self, missing: Collection[int]) -> Iterator[Read]:
        """The reads that the parts with these numbers need, in the archive's order.

        A member is read whole or not at all, or its CRC could not be checked.
        """
        for place, member in zip(self._placed, self._members, strict=True):
            if not isinstance(member, StoredMember) or not member.size:
                continue
            parts = self._between(place.body, place.end)
            if not any(part.number in missing for part in parts):
                continue
            source = Source(member, parts[-1].number)
            for first in range(0, member.size, MAX_READ_BYTES):
                length, start = min(MAX_READ_BYTES, member.size - first), place.body + first
                yield Read(source, first, length, start, self._between(start, start + length))

    def _between(self, start: int, end: int) -> tuple[Part, ...]:
        first = bisect_right(self._part_starts, start) - 1
        return self.parts[first : bisect_left(self._part_starts, end)]


def _digests(texts: Iterable[bytes]) -> tuple[str, str]:
    """MD5 (S3's own) and SHA-256 of the tail, which has every name, size, CRC and time in it."""
    md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
    for text in texts:
        md5.update(text)
        sha256.update(text)
    return md5.hexdigest(), sha256.hexdigest()


def _is_read(member: ArchiveMember) -> bool:
    return isinstance(member, StoredMember)


def _in_zip(member: ArchiveMember) -> Member:
    if isinstance(member, TextMember):
        return Member(member.name, len(member.body), zlib.crc32(member.body))
    return Member(member.name, member.size, member.crc32)
