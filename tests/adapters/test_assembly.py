"""The assembly with parts of 64 bytes, so that every way of cutting an archive comes up."""

import io
import threading
import zipfile
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebatch.adapters import archive_parts, archive_plan, assembly
from imagebatch.adapters.archive_parts import CONCURRENT_COPIES, Part
from imagebatch.adapters.archive_plan import ArchivePlan
from imagebatch.adapters.assembly import ParallelAssembler
from imagebatch.adapters.sources import SourceReader, Targets
from imagebatch.formats.zip_layout import TextMember
from imagebatch.ports.archive import ArchiveMember, StoredMember
from testing.effort import examples

PART, LEAST = 64, 40
MODIFIED = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture(scope="module", autouse=True)
def short_parts() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(archive_parts, "PART_SIZE", PART)
        patch.setattr(archive_parts, "MIN_PART_BYTES", LEAST)
        patch.setattr(archive_parts, "MAX_COPY_BYTES", 2 * PART)
        patch.setattr(archive_plan, "MAX_READ_BYTES", LEAST)
        patch.setattr(assembly, "WINDOW_BYTES", 2 * PART)
        yield


class Kept:
    """An upload in memory."""

    def __init__(self) -> None:
        self.parts: dict[int, bytes] = {}

    def put(self, part: Part, body: bytearray) -> None:
        self._keep(part, bytes(body))

    def copy(self, part: Part, member: StoredMember) -> None:
        self._keep(part, content(member.key, member.size)[part.first :][: part.size])

    def _keep(self, part: Part, body: bytes) -> None:
        assert part.number not in self.parts
        assert len(body) == part.size
        self.parts[part.number] = body

    def complete(self) -> None:
        raise NotImplementedError


class InFlight(Kept):
    """The copies and the first part end only once all of them are in flight."""

    def __init__(self, copies: int) -> None:
        super().__init__()
        self._begun = threading.Barrier(copies + 1, timeout=15)

    def put(self, part: Part, body: bytearray) -> None:
        if part.number == 1:
            self._begun.wait()
        super().put(part, body)

    def copy(self, part: Part, member: StoredMember) -> None:
        self._begun.wait()
        super().copy(part, member)


class Bodies(SourceReader):
    """Stored objects whose content follows from their key."""

    def __init__(self) -> None:
        self._stopped = threading.Event()

    def read(
        self,
        member: StoredMember,
        first: int,
        length: int,
        targets: Targets,
        *,
        checksum: bool = True,
    ) -> int:
        body = content(member.key, member.size)[first : first + length]
        done = 0
        for view in targets:
            view[:] = body[done : done + len(view)]
            done += len(view)
        assert done == length
        return zlib.crc32(body) if checksum else 0

    def check(self, member: StoredMember) -> None:
        """They are what was recorded."""


def content(key: str, size: int) -> bytes:
    return (f"{key}:" * size).encode()[:size]


def members_of(sizes: list[tuple[bool, int]]) -> list[ArchiveMember]:
    members: list[ArchiveMember] = []
    for index, (is_text, size) in enumerate(sizes):
        body = content(str(index), size)
        members.append(
            TextMember(f"{index}.txt", body)
            if is_text
            else StoredMember(f"{index}.png", str(index), size, zlib.crc32(body), "etag")
        )
    return members


def assembled(members: list[ArchiveMember], upload: Kept | None = None) -> dict[int, bytes]:
    upload = upload or Kept()
    work = ParallelAssembler(ArchivePlan(members, MODIFIED), upload, Bodies())
    thread = threading.Thread(target=work.run, daemon=True)
    thread.start()
    thread.join(20)
    assert not thread.is_alive(), "the assembly waits for itself"
    return upload.parts


def opened(parts: dict[int, bytes]) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(b"".join(parts[number] for number in sorted(parts))))


sizes = st.lists(st.tuples(st.booleans(), st.integers(0, 5 * PART)), max_size=12)


@pytest.mark.slow
@settings(max_examples=examples(200))
@given(sizes)
def test_every_part_is_made_once_and_right(sizes: list[tuple[bool, int]]) -> None:
    members = members_of(sizes)
    with opened(assembled(members)) as archived:
        assert archived.testzip() is None
        assert [archived.read(m.name) for m in members] == [
            content(str(index), size) for index, (_, size) in enumerate(sizes)
        ]


@pytest.mark.slow
@given(sizes)
def test_every_part_but_the_last_has_s3_minimum_size(sizes: list[tuple[bool, int]]) -> None:
    plan = ArchivePlan(members_of(sizes), MODIFIED)
    assert all(part.size >= LEAST for part in plan.parts[:-1])
    assert [part.number for part in plan.parts] == list(range(1, len(plan.parts) + 1))
    assert [part.start for part in plan.parts] == [0, *(part.end for part in plan.parts[:-1])]
    assert plan.parts[-1].end == plan.size


@given(st.lists(st.integers(2 * LEAST, 5 * PART), min_size=1, max_size=12))
def test_only_a_minimal_part_of_large_members_is_transferred(sizes: list[int]) -> None:
    plan = ArchivePlan(members_of([(False, size) for size in sizes]), MODIFIED)
    moved = sum(read.length for read in plan.reads())
    assert moved <= LEAST * len(sizes)
    assert moved + sum(part.size for part in plan.parts if part.member) == sum(sizes)


def test_copies_wait_neither_for_each_other_nor_for_parts() -> None:
    members = members_of([(False, LEAST + PART)] * CONCURRENT_COPIES)
    with opened(assembled(members, InFlight(CONCURRENT_COPIES))) as archived:
        assert archived.testzip() is None


@pytest.mark.parametrize(("count", "pieces"), [(1, 4), (10, 2), (24, 1), (30, 1)])
def test_few_large_members_are_copied_in_pieces(
    monkeypatch: pytest.MonkeyPatch, count: int, pieces: int
) -> None:
    monkeypatch.setattr(archive_parts, "MAX_COPY_BYTES", 8 * PART)
    plan = ArchivePlan(members_of([(False, LEAST + 4 * PART)] * count), MODIFIED)
    assert sum(part.member is not None for part in plan.parts) == count * pieces


def test_reads_need_two_parts_at_most() -> None:
    for size in range(30, 5 * PART, 7):
        plan = ArchivePlan(members_of([(False, size)] * 9), MODIFIED)
        assert all(len(read.parts) <= 2 for read in plan.reads())


@pytest.mark.slow
@given(st.integers(1, 12_000), st.integers(1, 10 * PART), st.integers(0, 10**12))
@settings(max_examples=examples(20))
def test_any_archive_fits_into_s3_part_limit(count: int, size: int, rest: int) -> None:
    member = StoredMember("name", "key", size, 0, "etag")
    bodies = [(member, (size + 30) * index + 30) for index in range(count)]
    parts = archive_parts.plan_parts(bodies, (size + 30) * count + rest + 22)
    assert len(parts) <= 10_000
