"""Plans an archive: texts, parts, and the reads that fill the rest."""

import hashlib
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime

from imagebatch.adapters.archive_parts import MIN_PART_BYTES, Part, plan_parts
from imagebatch.adapters.sources import DAMAGED, BadMemberError
from imagebatch.formats import crc32
from imagebatch.formats.zip_layout import Member, TextMember, plan_zip
from imagebatch.ports.archive import ArchiveMember, StoredMember
from imagebatch.structs import Struct, field

MAX_READ_BYTES = MIN_PART_BYTES
"""No longer than any part but the last, so that no read needs more than two parts in memory."""


class Source(Struct):
    """A stored member while its first `length` bytes are read."""

    member: StoredMember
    length: int
    checksums: dict[int, int] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """Whether S3 copies nothing of it, so that the CRC of what is read can be verified."""
        return self.length == self.member.size

    def record_crc(self, first: int, checksum: int) -> None:
        """Records the CRC of the piece at `first`; BadMemberError once the whole is wrong."""
        self.checksums[first] = checksum
        size = self.member.size
        if not self.whole or len(self.checksums) < -(-size // MAX_READ_BYTES):
            return
        total = 0
        for start, piece in sorted(self.checksums.items()):
            total = crc32.crc32_combine(total, piece, min(MAX_READ_BYTES, size - start))
        if total != self.member.crc32:
            raise BadMemberError(self.member, DAMAGED)


class Read(Struct, frozen=True):
    """Bytes `first` to `first + length` of a source, which begin at `start` in the archive."""

    source: Source
    first: int
    length: int
    start: int
    parts: tuple[Part, ...]


class ArchivePlan:
    """`fingerprint` is of the directory, which has every name, size, CRC and time in it."""

    def __init__(self, members: Sequence[ArchiveMember], modified: datetime) -> None:
        layout = plan_zip(map(_in_zip, members), modified)
        placed = list(zip(layout.members, members, strict=True))
        self.size = layout.size
        self.fingerprint = hashlib.sha256(layout.directory).hexdigest()
        self._texts = [
            (start, text)
            for place, member in placed
            for start, text in (
                (place.offset, place.header),
                (place.body, member.body if isinstance(member, TextMember) else b""),
            )
            if text
        ]
        self._texts.append((layout.directory_offset, layout.directory))
        self._starts = [start for start, _ in self._texts]
        self._bodies = [(m, place.body) for place, m in placed if isinstance(m, StoredMember)]
        self.parts = plan_parts(self._bodies, self.size)
        self._part_starts = [part.start for part in self.parts]

    def fill(self, part: Part, buffer: bytearray) -> None:
        """Write the content that is known in advance into the part's buffer."""
        first = max(0, bisect_right(self._starts, part.start) - 1)
        for start, text in self._texts[first : bisect_left(self._starts, part.end)]:
            low, high = max(start, part.start), min(start + len(text), part.end)
            if low < high:
                buffer[low - part.start : high - part.start] = text[low - start : high - start]

    def reads(self) -> Iterator[Read]:
        """Return the reads, in the archive's order: each member up to the range that S3 copies."""
        for member, body in self._bodies:
            end = body + member.size
            parts = self._between(body, end) if member.size else ()
            length = next((part.start for part in parts if part.member), end) - body
            source = Source(member, length)
            for first in range(0, length, MAX_READ_BYTES):
                many, start = min(MAX_READ_BYTES, length - first), body + first
                yield Read(source, first, many, start, self._between(start, start + many))

    def _between(self, start: int, end: int) -> tuple[Part, ...]:
        first = bisect_right(self._part_starts, start) - 1
        return self.parts[first : bisect_left(self._part_starts, end)]


def _in_zip(member: ArchiveMember) -> Member:
    if isinstance(member, TextMember):
        return Member(member.name, len(member.body), zlib.crc32(member.body))
    return Member(member.name, member.size, member.crc32)
