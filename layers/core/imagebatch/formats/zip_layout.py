"""Computes the layout of a ZIP of stored members before a byte of any member is read.

Sizes and CRCs are known in advance, so every offset is, too: headers need no data descriptor (which
macOS and streaming readers reject), parts can be built in any order, and the same members at the
same time give the same archive, byte for byte. ZIP64 records appear only if a number needs them.

Format: APPNOTE.TXT 6.3.10, sections 4.3 to 4.5.
"""

import struct
from collections.abc import Iterable
from datetime import datetime

from imagebatch.structs import Struct

LIMIT_16 = 0xFFFF
LIMIT_32 = 0xFFFFFFFF

VERSION_PLAIN = 20
VERSION_ZIP64 = 45
MADE_ON_UNIX = 3 << 8
FLAG_UTF8 = 1 << 11
STORED = 0
REGULAR_FILE_0644 = 0o100644 << 16
ZIP64_EXTRA = 0x0001

LOCAL_HEADER = struct.Struct("<4s5H3L2H")
CENTRAL_HEADER = struct.Struct("<4s6H3L5H2L")
END_ZIP64 = struct.Struct("<4sQ2H2L4Q")
LOCATOR_ZIP64 = struct.Struct("<4sLQL")
END = struct.Struct("<4s4H2LH")


class Member(Struct, frozen=True):
    name: str
    size: int
    crc32: int


class TextMember(Struct, frozen=True):
    """A file of the archive whose content is in memory."""

    name: str
    body: bytes


class Placed(Struct, frozen=True):
    """A member and its position: its local header at `offset`, its bytes from `body` to `end`."""

    member: Member
    offset: int
    header: bytes

    @property
    def body(self) -> int:
        return self.offset + len(self.header)

    @property
    def end(self) -> int:
        return self.body + self.member.size


class ZipLayout(Struct, frozen=True):
    """Every member's position, and the central directory after the last one."""

    members: tuple[Placed, ...]
    directory: bytes

    @property
    def directory_offset(self) -> int:
        return self.members[-1].end if self.members else 0

    @property
    def size(self) -> int:
        return self.directory_offset + len(self.directory)


def plan_zip(members: Iterable[Member], modified: datetime) -> ZipLayout:
    """Lay out the members in order, all with the time `modified`.

    ValueError for a name that is unsafe to extract, or used twice.
    """
    date, time = _dos_time(modified)
    names: set[str] = set()
    placed: list[Placed] = []
    offset = 0
    for member in members:
        _check_name(member.name, names)
        place = Placed(member, offset, _local_header(member, date, time))
        placed.append(place)
        offset = place.end
    entries = b"".join(_central_header(place, date, time) for place in placed)
    return ZipLayout(tuple(placed), entries + _end(len(placed), len(entries), offset))


def _check_name(name: str, taken: set[str]) -> None:
    unsafe = any(mark in name for mark in "\\:\0")
    if unsafe or any(part in {"", ".", ".."} for part in name.split("/")):
        raise ValueError(f"not a safe name in an archive: {name!r}")
    if len(name.encode()) > LIMIT_16:
        raise ValueError("a name in an archive is at most 65,535 bytes long")
    if name in taken:
        raise ValueError(f"two members of an archive have the name {name!r}")
    taken.add(name)


def _dos_time(moment: datetime) -> tuple[int, int]:
    """Return date and time in MS-DOS format: without a time zone, in steps of 2 s, from 1980 to
    2107.
    """
    if moment.year < 1980:
        return 1 << 5 | 1, 0
    year = min(moment.year, 2107) - 1980
    date = year << 9 | moment.month << 5 | moment.day
    return date, moment.hour << 11 | moment.minute << 5 | moment.second // 2


def _encoded(name: str) -> tuple[bytes, int]:
    return name.encode(), 0 if name.isascii() else FLAG_UTF8


def _zip64(*numbers: int) -> bytes:
    return struct.pack(f"<2H{len(numbers)}Q", ZIP64_EXTRA, 8 * len(numbers), *numbers)


def _local_header(member: Member, date: int, time: int) -> bytes:
    name, flags = _encoded(member.name)
    large = member.size >= LIMIT_32
    size = LIMIT_32 if large else member.size
    extra = _zip64(member.size, member.size) if large else b""
    version = VERSION_ZIP64 if large else VERSION_PLAIN
    return (
        LOCAL_HEADER.pack(
            b"PK\x03\x04", version, flags, STORED, time, date, member.crc32, size, size,
            len(name), len(extra),
        )
        + name
        + extra
    )  # fmt: skip


def _central_header(place: Placed, date: int, time: int) -> bytes:
    member = place.member
    name, flags = _encoded(member.name)
    large, far = member.size >= LIMIT_32, place.offset >= LIMIT_32
    numbers = [member.size] * 2 * large + [place.offset] * far
    extra = _zip64(*numbers) if numbers else b""
    version = VERSION_ZIP64 if numbers else VERSION_PLAIN
    size = LIMIT_32 if large else member.size
    return (
        CENTRAL_HEADER.pack(
            b"PK\x01\x02", MADE_ON_UNIX | version, version, flags, STORED, time, date,
            member.crc32, size, size, len(name), len(extra), 0, 0, 0, REGULAR_FILE_0644,
            LIMIT_32 if far else place.offset,
        )
        + name
        + extra
    )  # fmt: skip


def _end(count: int, size: int, offset: int) -> bytes:
    """Return the end of the central directory, preceded by its ZIP64 records if a number needs
    them.
    """
    end = END.pack(
        b"PK\x05\x06", 0, 0, min(count, LIMIT_16), min(count, LIMIT_16),
        min(size, LIMIT_32), min(offset, LIMIT_32), 0,
    )  # fmt: skip
    if count < LIMIT_16 and size < LIMIT_32 and offset < LIMIT_32:
        return end
    record = END_ZIP64.pack(
        b"PK\x06\x06", END_ZIP64.size - 12, MADE_ON_UNIX | VERSION_ZIP64, VERSION_ZIP64, 0, 0,
        count, count, size, offset,
    )  # fmt: skip
    return record + LOCATOR_ZIP64.pack(b"PK\x06\x07", 0, offset + size, 1) + end
