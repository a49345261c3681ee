import io
import shutil
import struct
import subprocess
import zipfile
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebatch.formats import crc32
from imagebatch.formats.zip_layout import Member, ZipLayout, plan_zip
from testing.zip_tools import TOOLS, read_with

MODIFIED = datetime(2026, 11, 20, 8, 31, 42, tzinfo=UTC)
FILES = {
    "Toyota-Corolla-2024.png": b"\x89PNG" + bytes(range(256)) * 40,
    "Škoda-Škála-2024.png": b"a name beyond ASCII",
    "トヨタ/車-白.png": b"in a directory of its own",
    "empty.txt": b"",
    "index.html": b"<!doctype html>",
}


def member(name: str, body: bytes) -> Member:
    return Member(name, len(body), zlib.crc32(body))


def planned(files: dict[str, bytes], modified: datetime = MODIFIED) -> ZipLayout:
    return plan_zip([member(name, body) for name, body in files.items()], modified)


def written(layout: ZipLayout, bodies: Sequence[bytes]) -> bytes:
    pairs = zip(layout.members, bodies, strict=True)
    return b"".join(place.header + body for place, body in pairs) + layout.directory


def archive(files: dict[str, bytes], modified: datetime = MODIFIED) -> bytes:
    return written(planned(files, modified), list(files.values()))


def opened(body: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(body))


def test_every_member_comes_out_as_it_went_in() -> None:
    with opened(archive(FILES)) as archived:
        assert archived.testzip() is None
        assert {name: archived.read(name) for name in archived.namelist()} == FILES


def test_members_keep_the_order_they_are_given_in() -> None:
    with opened(archive(FILES)) as archived:
        assert archived.namelist() == list(FILES)


@pytest.mark.parametrize("tool", TOOLS)
def test_other_peoples_tools_take_the_archive(tool: str, tmp_path: Path) -> None:
    path = tmp_path / "archive.zip"
    path.write_bytes(archive(FILES))
    read_with(tool, path)


def test_same_members_and_time_give_same_bytes() -> None:
    assert archive(FILES) == archive(FILES)
    assert archive(FILES) != archive(FILES, MODIFIED.replace(hour=9))


def test_members_are_stored_and_need_no_data_descriptor() -> None:
    with opened(archive(FILES)) as archived:
        for info in archived.infolist():
            assert info.compress_type == zipfile.ZIP_STORED
            assert not info.flag_bits & 0x08


def test_only_names_beyond_ascii_carry_the_utf8_flag() -> None:
    with opened(archive(FILES)) as archived:
        flagged = [info.filename for info in archived.infolist() if info.flag_bits & 0x800]
    assert flagged == [name for name in FILES if not name.isascii()]


def test_members_are_plain_files_that_everybody_may_read() -> None:
    with opened(archive(FILES)) as archived:
        assert {info.external_attr >> 16 for info in archived.infolist()} == {0o100644}
        assert {info.create_system for info in archived.infolist()} == {3}


def test_member_times_have_steps_of_two_seconds() -> None:
    with opened(archive(FILES)) as archived:
        assert archived.infolist()[0].date_time == (2026, 11, 20, 8, 31, 42)


@pytest.mark.parametrize(
    ("year", "shown"), [(1970, (1980, 1, 1, 0, 0, 0)), (2200, (2107, 11, 20, 8, 31, 42))]
)
def test_time_out_of_range_becomes_the_nearest_year(year: int, shown: tuple[int, ...]) -> None:
    with opened(archive({"a.txt": b"a"}, MODIFIED.replace(year=year))) as archived:
        assert archived.infolist()[0].date_time == shown


def test_an_archive_of_nothing_is_still_an_archive() -> None:
    with opened(archive({})) as archived:
        assert archived.namelist() == []


def test_layout_predicts_every_offset() -> None:
    layout = planned(FILES)
    body = archive(FILES)
    assert layout.size == len(body)
    for place, content in zip(layout.members, FILES.values(), strict=True):
        assert body[place.offset :].startswith(b"PK\x03\x04")
        assert body[place.body : place.end] == content
    assert body[layout.directory_offset :] == layout.directory


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/etc/passwd",
        "../x.png",
        "a/../x.png",
        "a//x.png",
        "a/",
        "C:\\x.png",
        "a\\b",
        "./x",
        "\0",
    ],
)
def test_unsafe_name_is_rejected(name: str) -> None:
    with pytest.raises(ValueError, match="not a safe name"):
        plan_zip([Member(name, 0, 0)], MODIFIED)


def test_a_name_longer_than_the_format_allows_is_refused() -> None:
    with pytest.raises(ValueError, match="65,535"):
        plan_zip([Member("ä" * 33_000, 0, 0)], MODIFIED)


def test_two_members_cannot_have_one_name() -> None:
    with pytest.raises(ValueError, match="two members"):
        plan_zip([Member("a.png", 0, 0), Member("a.png", 1, 1)], MODIFIED)


def small_archive() -> bytes:
    return archive({"a.txt": b"a"})


def test_zip64_is_not_used_where_it_is_not_needed() -> None:
    assert b"PK\x06\x06" not in small_archive()
    with opened(small_archive()) as archived:
        assert archived.infolist()[0].extract_version == 20
        assert archived.infolist()[0].extra == b""


@pytest.mark.slow
@pytest.mark.parametrize("count", [65_534, 65_535, 65_536])
def test_any_number_of_members_can_be_listed(count: int, tmp_path: Path) -> None:
    body = b"x"
    layout = plan_zip((member(f"{i:05}.png", body) for i in range(count)), MODIFIED)
    assert (b"PK\x06\x06" in layout.directory) == (count >= 65_535)
    path = tmp_path / "many.zip"
    path.write_bytes(written(layout, [body] * count))
    with zipfile.ZipFile(path) as archived:
        assert len(archived.namelist()) == count
        assert archived.read(f"{count - 1:05}.png") == body
    if shutil.which("unzip"):
        assert subprocess.run(["unzip", "-tqq", path]).returncode == 0


def zeros(size: int) -> int:
    """The CRC-32 of so many zero bytes, without having them."""
    half = zeros(size // 2) if size > 1 else 0
    if size <= 1:
        return zlib.crc32(bytes(size))
    doubled = crc32.crc32_combine(half, half, size // 2)
    return crc32.crc32_combine(doubled, zlib.crc32(b"\0"), 1) if size % 2 else doubled


GIB = 1024**3


def test_members_and_offsets_past_four_gibibytes_are_found(tmp_path: Path) -> None:
    size, last = 4 * GIB + 5, b"behind the large one"
    layout = plan_zip([Member("large.bin", size, zeros(size)), member("last.txt", last)], MODIFIED)
    path = tmp_path / "large.zip"
    with path.open("wb") as file:
        file.write(layout.members[0].header)
        file.seek(layout.members[1].offset)
        file.write(layout.members[1].header + last + layout.directory)
    with zipfile.ZipFile(path) as archived:
        large, small = archived.infolist()
        assert (large.file_size, large.compress_size, large.extract_version) == (size, size, 45)
        assert small.header_offset == layout.members[1].offset > 4 * GIB
        assert archived.read("last.txt") == last
    if shutil.which("unzip"):
        assert subprocess.run(["unzip", "-tqq", path, "last.txt"]).returncode == 0


@pytest.mark.parametrize(
    ("size", "large"), [(0xFFFFFFFE, False), (0xFFFFFFFF, True), (0x100000000, True)]
)
def test_local_header_uses_zip64_for_both_sizes(size: int, large: bool) -> None:
    header = plan_zip([Member("a", size, 7)], MODIFIED).members[0].header
    fields = struct.unpack("<4s5H3L2H", header[:30])
    assert fields[0] == b"PK\x03\x04"
    assert fields[6] == 7
    assert fields[7] == fields[8] == min(size, 0xFFFFFFFF)
    assert header[31:] == (struct.pack("<2H2Q", 1, 16, size, size) if large else b"")


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=6))
def test_a_crc_can_be_put_together_from_pieces(pieces: list[bytes]) -> None:
    total = 0
    for piece in pieces:
        total = crc32.crc32_combine(total, zlib.crc32(piece), len(piece))
    assert total == zlib.crc32(b"".join(pieces))


names = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\:"),
    min_size=1,
    max_size=20,
).filter(lambda name: name not in {".", ".."})


@pytest.mark.slow
@given(st.dictionaries(names, st.binary(max_size=50), max_size=8))
def test_whatever_the_names_the_archive_opens(files: dict[str, bytes]) -> None:
    with opened(archive(files)) as archived:
        assert archived.testzip() is None
        assert [archived.read(info) for info in archived.infolist()] == list(files.values())
