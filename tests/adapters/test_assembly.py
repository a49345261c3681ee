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

from imagebatch.adapters import archive_plan, assembly, s3_multipart
from imagebatch.adapters.archive_plan import ArchivePlan
from imagebatch.adapters.assembly import ParallelAssembler
from imagebatch.adapters.s3_multipart import Part
from imagebatch.adapters.sources import SourceReader, Targets
from imagebatch.ports import ArchiveMember, StoredMember, TextMember
from testing.effort import examples

PART = 64
MODIFIED = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture(scope="module", autouse=True)
def short_parts() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(s3_multipart, "PART_SIZE", PART)
        patch.setattr(archive_plan, "MAX_READ_BYTES", PART)
        patch.setattr(assembly, "WINDOW_BYTES", 2 * PART)
        yield


class Kept:
    """An upload in memory."""

    def __init__(self, done: frozenset[int] = frozenset()) -> None:
        self.done = done
        self.parts: dict[int, bytes] = {}

    def put(self, part: Part, body: bytearray) -> None:
        assert part.number not in self.parts
        assert part.number not in self.done
        self.parts[part.number] = bytes(body)

    def complete(self) -> None:
        raise NotImplementedError


class Bodies(SourceReader):
    """Stored objects whose content follows from their key."""

    def __init__(self) -> None:
        self._stopped = threading.Event()

    def read(self, member: StoredMember, first: int, length: int, targets: Targets) -> int:
        body = content(member.key, member.size)[first : first + length]
        done = 0
        for view, many in targets:
            if view is not None:
                view[:] = body[done : done + many]
            done += many
        assert done == length
        return zlib.crc32(body)


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


def assembled(members: list[ArchiveMember], done: frozenset[int] = frozenset()) -> dict[int, bytes]:
    upload = Kept(done)
    work = ParallelAssembler(ArchivePlan(members, MODIFIED), upload, Bodies())
    thread = threading.Thread(target=work.run, daemon=True)
    thread.start()
    thread.join(20)
    assert not thread.is_alive(), "the assembly waits for itself"
    return upload.parts


sizes = st.lists(st.tuples(st.booleans(), st.integers(0, 5 * PART)), max_size=12)


@settings(max_examples=examples(150))
@given(sizes, st.sets(st.integers(1, 40)))
def test_whatever_is_there_already_the_rest_is_made_once_and_right(
    sizes: list[tuple[bool, int]], there: set[int]
) -> None:
    members = members_of(sizes)
    whole = assembled(members)
    with zipfile.ZipFile(io.BytesIO(b"".join(whole[n] for n in sorted(whole)))) as archived:
        assert archived.testzip() is None
        assert [archived.read(m.name) for m in members] == [
            content(str(index), size) for index, (_, size) in enumerate(sizes)
        ]
    done = frozenset(there & whole.keys())
    rest = assembled(members, done)
    assert rest == {number: body for number, body in whole.items() if number not in done}


@given(sizes)
def test_every_part_but_the_last_is_as_long_as_s3_wants_it(sizes: list[tuple[bool, int]]) -> None:
    plan = ArchivePlan(members_of(sizes), MODIFIED)
    assert all(part.size >= PART for part in plan.parts[:-1])
    assert [part.number for part in plan.parts] == list(range(1, len(plan.parts) + 1))
    assert [part.start for part in plan.parts] == [0, *(part.end for part in plan.parts[:-1])]
    assert plan.parts[-1].end == plan.size


@given(st.integers(s3_multipart.TARGET_PART_COUNT * PART, 10**15))
@settings(max_examples=examples(20))
def test_an_archive_of_any_size_fits_into_the_parts_s3_allows(tail: int) -> None:
    assert len(s3_multipart.split(tail, tail + 1000)) <= 10_000
