"""How an archive is cut into parts: what S3 copies by itself, and what passes through the function.

Every part but the last needs 5 MiB. So before a copied range at least 5 MiB are moved: the headers
and, where nothing else lies between two images, the beginning of the image itself.
"""

from collections.abc import Iterable, Iterator
from itertools import pairwise

from imagebatch.ports.archive import StoredMember
from imagebatch.structs import Struct, replace

MIN_PART_BYTES = 5 * 1024 * 1024
"""Of every part but the last, moved or copied."""
PART_SIZE = 8 * 1024 * 1024
"""Of a part that passes through the function; each request has a fixed latency."""
MAX_COPY_BYTES = 64 * 1024 * 1024
"""S3 answers a copy when it is done, and the client waits 20 seconds."""
CONCURRENT_COPIES = 24
"""Requests in flight for which S3 copies the bytes; they use no bandwidth of the function."""
MAX_COPIES = 4_400
"""The other members are moved: each copy takes two of the parts S3 allows."""
TARGET_PART_COUNT = 9_500
"""Of the 10,000 that S3 allows."""


class Part(Struct, frozen=True):
    """Bytes `start` to `end` of the archive; of `member` from its byte `first` on if S3 copies
    them.
    """

    start: int
    end: int
    number: int = 0
    member: StoredMember | None = None
    first: int = 0

    @property
    def size(self) -> int:
        return self.end - self.start


def plan_parts(bodies: Iterable[tuple[StoredMember, int]], size: int) -> tuple[Part, ...]:
    """The parts of an archive of `size` bytes; each stored member's body begins at its byte."""
    copies = list(_copies(bodies))
    moved = size - sum(copy.size for copy in copies)
    length = max(PART_SIZE, -(-moved // (TARGET_PART_COUNT - 2 * len(copies))))
    parts: list[Part] = []
    at = 0
    for copy in copies:
        parts += _evenly(at, copy.start, length)
        parts.append(copy)
        at = copy.end
    parts += [Part(start, min(start + length, size)) for start in range(at, size, length)]
    return tuple(replace(part, number=number) for number, part in enumerate(parts, start=1))


def _copies(bodies: Iterable[tuple[StoredMember, int]]) -> Iterator[Part]:
    """Few ranges are divided, so that S3 copies all of them at the same time."""
    ranges = list(_copied_ranges(bodies))
    for member, body, start in ranges:
        size = body + member.size - start
        concurrent = min(CONCURRENT_COPIES // len(ranges), size // PART_SIZE)
        for low, high in _cuts(start, start + size, max(_copy_count(size), concurrent)):
            yield Part(low, high, member=member, first=low - body)


def _copied_ranges(
    bodies: Iterable[tuple[StoredMember, int]],
) -> Iterator[tuple[StoredMember, int, int]]:
    """Each copied member, where its body starts, and from which byte to its end S3 copies it."""
    at, left = 0, MAX_COPIES
    for member, body in bodies:
        start, end = max(body, at + MIN_PART_BYTES), body + member.size
        count = _copy_count(end - start)
        if end - start >= MIN_PART_BYTES and count <= left:
            yield member, body, start
            at, left = end, left - count


def _copy_count(size: int) -> int:
    return -(-size // MAX_COPY_BYTES)


def _evenly(start: int, end: int, length: int) -> Iterator[Part]:
    """Parts of about `length`, none of them too short for S3."""
    if end > start:
        count = min(-(-(end - start) // length), (end - start) // MIN_PART_BYTES)
        for low, high in _cuts(start, end, count):
            yield Part(low, high)


def _cuts(start: int, end: int, count: int) -> Iterator[tuple[int, int]]:
    cuts = [start + (end - start) * i // count for i in range(count + 1)]
    return pairwise(cuts)
