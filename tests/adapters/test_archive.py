import hashlib
import io
import json
import os
import pickle
import signal
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from bench.archive import image
from imagebatch.adapters import archive_parts, archive_plan, assembly
from imagebatch.adapters.archive import S3ArchiveBuilder
from imagebatch.adapters.archive_parts import MIN_PART_BYTES, PART_SIZE
from imagebatch.domain.errors import UnavailableError
from imagebatch.formats import crc32
from imagebatch.formats.zip_layout import TextMember
from imagebatch.ports.archive import ArchiveMember, BadMembersError, StoredMember
from testing import quick_moto, s3_operations
from testing.s3_operations import md5_of
from testing.s3_requests import Stored
from testing.s3server import S3Server
from testing.zip_tools import TOOLS, read_with

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ROOT = Path(__file__).parents[2]
BUCKET = "bucket"
KEY = "archives/b1/1-1.zip"
MODIFIED = datetime(2026, 11, 20, 8, 31, 42, tzinfo=UTC)
FIFTH = PART_SIZE // 5
LARGE = 7 * FIFTH
"""S3 copies most of it."""
SMALLER = 16
"""How many times, where no size matters: what is moved takes most of the time of a build."""
SMALL = (2 * FIFTH + 7) // SMALLER
ALWAYS = 10**9
TEXTS = [
    TextMember("results.csv", b"row,status\r\n2,succeeded\r\n"),
    TextMember("index.html", b"<p>"),
]


@pytest.fixture
def server() -> Iterator[S3Server]:
    with S3Server() as running:
        yield running


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """All limits, of S3 too, in proportion."""
    for module, names in SIZES.items():
        for name in names:
            monkeypatch.setattr(module, name, getattr(module, name) // SMALLER)


SIZES = {
    archive_parts: ("MIN_PART_BYTES", "PART_SIZE"),
    archive_plan: ("MIN_PART_BYTES", "MAX_READ_BYTES"),
    assembly: ("PART_SIZE", "WINDOW_BYTES"),
    s3_operations: ("MINIMUM_PART",),
}


@lru_cache(maxsize=32)
def a_body(index: int, size: int) -> tuple[Stored, int]:
    """As an object and with its CRC-32: many tests store the same ones."""
    body = image(index, size)
    crc = zlib.crc32(body)
    return Stored([body], md5_of(body), crc32=crc32.in_base64(crc)), crc


def stored(server: S3Server, name: str, size: int) -> StoredMember:
    made, crc = a_body(len(server.objects) + 1, size)
    server.objects[f"{BUCKET}/images/{name}"] = replace(made)
    return StoredMember(name, f"images/{name}", size, crc, f'"{made.etag}"')


def images_of(server: S3Server, *sizes: int) -> list[StoredMember]:
    return [stored(server, f"of-{size}.png", size) for size in sizes]


def images(server: S3Server, count: int, size: int = 2 * FIFTH + 7) -> list[StoredMember]:
    return [stored(server, f"{index:04}.png", size) for index in range(count)]


def some_of_each(server: S3Server) -> list[ArchiveMember]:
    """Three small parts that are moved, and one that S3 copies."""
    return [*images(server, 4, SMALL), *images_of(server, 2 * SMALL), *TEXTS]


def build(server: S3Server, members: list[ArchiveMember], key: str = KEY) -> bytes:
    """Builds, and returns the archive after checking it as any reader would."""
    builder = S3ArchiveBuilder(server.client(attempts=2), BUCKET)
    built = builder.build(key, members, modified=MODIFIED)
    body = bytes(server.objects[f"{BUCKET}/{key}"].body)
    assert (built.key, built.size, built.entries) == (key, len(body), len(members))
    check(server, body, members)
    assert server.uploads == {}
    return body


def check(server: S3Server, body: bytes, members: list[ArchiveMember]) -> None:
    with zipfile.ZipFile(io.BytesIO(body)) as archived:
        assert archived.namelist() == [member.name for member in members]
        for member in members:
            if isinstance(member, TextMember):
                assert archived.read(member.name) == member.body
            else:
                assert archived.read(member.name) == server.objects[f"{BUCKET}/{member.key}"].body


def nothing_is_left(server: S3Server) -> bool:
    return server.uploads == {} and f"{BUCKET}/{KEY}" not in server.objects


@pytest.mark.slow
def test_images_and_texts_become_one_archive_in_their_order(server: S3Server) -> None:
    build(server, [*images(server, 9), *TEXTS])
    assert server.count("UploadPart") == 4


@pytest.mark.slow
def test_a_small_archive_is_put_in_one_request(server: S3Server) -> None:
    build(server, [*images(server, 3, 200_000), *TEXTS])
    assert server.count("PutObject") == 1
    assert server.count("CreateMultipartUpload") == 0


def test_an_archive_without_images_is_built_all_the_same(server: S3Server) -> None:
    build(server, [*TEXTS])
    assert server.count("GetObject") == 0


@pytest.mark.slow
def test_texts_larger_than_a_part_are_archived(server: S3Server) -> None:
    texts = [TextMember("index.html", image(7, 12 * FIFTH)), *TEXTS[:1]]
    build(server, [*images(server, 1, 1000), *texts])
    build(server, [*images(server, 5), *texts], "archives/b1/2-1.zip")


@pytest.mark.slow
def test_texts_may_come_before_and_between_the_images(server: S3Server) -> None:
    first, *others = images(server, 6)
    large = TextMember("large.txt", image(9, 11 * FIFTH))
    build(server, [TEXTS[0], first, large, *others, TEXTS[1]])


@pytest.mark.slow
def test_large_images_are_copied_but_for_their_beginnings(server: S3Server) -> None:
    members = [*images(server, 4, LARGE + 3), *TEXTS]
    sent = server.moved["UploadPart"]
    build(server, members)
    assert server.count("UploadPartCopy") == 4
    assert server.moved["UploadPart"] - sent < 4 * MIN_PART_BYTES + 10_000
    assert server.moved["GetObject"] < 4 * MIN_PART_BYTES


@pytest.mark.slow
@pytest.mark.parametrize("tool", TOOLS)
def test_other_peoples_tools_take_copied_images(
    server: S3Server, tool: str, tmp_path: Path
) -> None:
    path = tmp_path / "archive.zip"
    path.write_bytes(build(server, [*images(server, 2, LARGE), *images_of(server, 5), *TEXTS]))
    read_with(tool, path)


@pytest.mark.slow
def test_an_image_is_copied_whole_behind_enough_small_ones(server: S3Server) -> None:
    build(server, [*images(server, 4), stored(server, "large.png", LARGE), *TEXTS])
    assert (server.count("UploadPartCopy"), server.count("GetObject")) == (1, 4)


@pytest.mark.slow
def test_oversized_image_is_copied_in_pieces(
    server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_parts, "MAX_COPY_BYTES", 6 * 1024 * 1024)
    build(server, [*images(server, 2, 17 * FIFTH + 3), *TEXTS])
    assert server.count("UploadPartCopy") == 8


@pytest.mark.slow
@pytest.mark.parametrize("over", [-1, 0, 1])
def test_images_that_end_where_a_part_does_are_archived(server: S3Server, over: int) -> None:
    header = 30 + len("0000.png")
    sizes = [PART_SIZE - header + over, PART_SIZE - header, PART_SIZE - header - over, 1]
    build(server, [stored(server, f"{i:04}.png", size) for i, size in enumerate(sizes)])


@pytest.mark.slow
def test_an_empty_object_is_archived_as_an_empty_file(server: S3Server) -> None:
    build(server, [*images(server, 3), stored(server, "empty.png", 0), *TEXTS])


@pytest.mark.slow
@pytest.mark.usefixtures("small_parts")
def test_the_same_members_make_the_same_bytes(server: S3Server) -> None:
    members = [*images(server, 9, SMALL), *TEXTS]
    digests = {
        hashlib.sha256(build(server, members, f"archives/{n}.zip")).digest() for n in range(3)
    }
    assert len(digests) == 1


@pytest.mark.slow
@pytest.mark.usefixtures("small_parts")
def test_an_archive_that_is_there_is_not_built_again(server: S3Server) -> None:
    members = [*images(server, 9, SMALL), *TEXTS]
    build(server, members)
    reads = server.count("GetObject")
    build(server, members)
    assert server.count("GetObject") == reads


@pytest.mark.slow
@pytest.mark.usefixtures("small_parts")
def test_other_archive_under_the_same_key_is_replaced(server: S3Server) -> None:
    members: list[ArchiveMember] = [*images(server, 9, SMALL), *TEXTS]
    first = build(server, members)
    assert build(server, [*members, TextMember("more.txt", b"more")]) != first


CHILD = """
import pickle, sys
from datetime import datetime
from imagebatch.adapters import archive_parts
from imagebatch.adapters.archive import S3ArchiveBuilder
from testing.s3server import client_of
address, key, members, modified = pickle.loads(sys.stdin.buffer.read())
S3ArchiveBuilder(client_of(address), "bucket").build(key, members, modified=modified)
"""


def killed_at(server: S3Server, members: list[ArchiveMember], operation: str, nth: int) -> None:
    """Builds in a process of its own, which is killed while S3 has the nth such request."""
    held = server.hold(operation, nth=nth)
    path = os.pathsep.join([str(ROOT / "layers/core"), str(ROOT)])
    with subprocess.Popen(
        [sys.executable, "-c", CHILD],
        stdin=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
    ) as child:
        assert child.stdin is not None
        child.stdin.write(pickle.dumps((server.endpoint, KEY, members, MODIFIED)))
        child.stdin.close()
        assert held.reached.wait(30)
        child.send_signal(signal.SIGKILL)
    held.drop()
    server.drain()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("operation", "nth"),
    [("UploadPart", 2), ("UploadPart", 5), ("UploadPartCopy", 1), ("CompleteMultipartUpload", 1)],
)
def test_killed_build_is_repeated_with_the_same_bytes(
    server: S3Server, operation: str, nth: int
) -> None:
    members: list[ArchiveMember] = [
        *images(server, 16, FIFTH),
        *images_of(server, 4 * FIFTH),
        *TEXTS,
    ]
    killed_at(server, members, operation, nth)
    assert server.objects.keys().isdisjoint({f"{BUCKET}/{KEY}"})
    assert len(server.uploads) == 1
    body = build(server, members)
    assert body == build(server, members, "archives/b1/again.zip")


@pytest.mark.slow
@pytest.mark.usefixtures("small_parts")
def test_an_archive_that_a_killed_build_completed_is_found(server: S3Server) -> None:
    members: list[ArchiveMember] = [*images(server, 9, SMALL), *TEXTS]
    fault = server.fail("CompleteMultipartUpload", action="lost", times=ALWAYS)
    body = build(server, members)
    reads = server.count("GetObject")
    assert fault.fired
    assert (build(server, members), server.count("GetObject")) == (body, reads)


@pytest.mark.slow
def test_what_a_killed_build_left_can_be_discarded(server: S3Server) -> None:
    killed_at(server, [*images(server, 9), *TEXTS], "UploadPart", 4)
    assert not nothing_is_left(server)
    S3ArchiveBuilder(server.client(), BUCKET).discard(KEY)
    assert nothing_is_left(server)


EVERY_CALL = [
    "HeadObject",
    "ListMultipartUploads",
    "CreateMultipartUpload",
    "GetObject",
    "UploadPart",
    "UploadPartCopy",
    "CompleteMultipartUpload",
]


@pytest.mark.slow
@pytest.mark.parametrize("operation", EVERY_CALL)
@pytest.mark.parametrize(("status", "code"), [(503, "SlowDown"), (500, "InternalError")])
@pytest.mark.usefixtures("small_parts")
def test_a_call_that_s3_refuses_once_is_made_again(
    server: S3Server, operation: str, status: int, code: str
) -> None:
    fault = server.fail(operation, status=status, code=code)
    build(server, some_of_each(server))
    assert fault.fired == 1


@pytest.mark.slow
@pytest.mark.parametrize("operation", EVERY_CALL)
@pytest.mark.usefixtures("small_parts")
def test_a_call_that_s3_refuses_always_leaves_nothing_behind(
    server: S3Server, operation: str
) -> None:
    fault = server.fail(operation, times=ALWAYS)
    with pytest.raises(UnavailableError):
        build(server, some_of_each(server))
    assert fault.fired >= 2
    assert nothing_is_left(server)


@pytest.mark.slow
@pytest.mark.parametrize(
    "operation",
    ["CreateMultipartUpload", "UploadPart", "UploadPartCopy", "CompleteMultipartUpload"],
)
@pytest.mark.usefixtures("small_parts")
def test_an_answer_that_is_lost_does_no_harm(server: S3Server, operation: str) -> None:
    fault = server.fail(operation, action="lost")
    build(server, some_of_each(server))
    assert fault.fired == 1


@pytest.mark.slow
@pytest.mark.usefixtures("small_parts")
def test_a_body_that_breaks_off_is_read_again(server: S3Server) -> None:
    fault = server.fail("GetObject", action="cut", times=3)
    build(server, [*images(server, 6, SMALL), *TEXTS])
    assert fault.fired == 3


@pytest.mark.slow
@pytest.mark.usefixtures("small_parts")
def test_a_body_that_always_breaks_off_ends_the_build(server: S3Server) -> None:
    members = [*images(server, 6, SMALL), *TEXTS]
    server.fail("GetObject", action="cut", times=ALWAYS, key=f"{BUCKET}/images/0003.png")
    with pytest.raises(UnavailableError, match="broke off"):
        build(server, members)
    assert nothing_is_left(server)


@pytest.mark.slow
@pytest.mark.parametrize("size", [300_000, 2 * FIFTH, LARGE])
def test_missing_and_overwritten_images_are_all_named(server: S3Server, size: int) -> None:
    members = images(server, 7, size)
    del server.objects[f"{BUCKET}/{members[2].key}"]
    server.put(f"{BUCKET}/{members[5].key}", b"another image")
    with pytest.raises(BadMembersError) as caught:
        build(server, [*members, *TEXTS])
    assert set(caught.value.reasons) == {"0002.png", "0005.png"}
    assert caught.value.reasons["0002.png"] == "the stored image is gone"
    assert nothing_is_left(server)


@pytest.mark.slow
@pytest.mark.parametrize("size", [300_000, 2 * FIFTH, LARGE])
def test_an_image_without_the_recorded_checksum_is_named(server: S3Server, size: int) -> None:
    members = images(server, 6, size)
    members[4] = replace(members[4], crc32=members[4].crc32 ^ 1)
    with pytest.raises(BadMembersError) as caught:
        build(server, [*members, *TEXTS])
    assert list(caught.value.reasons) == ["0004.png"]
    assert "checksum" in caught.value.reasons["0004.png"]
    assert nothing_is_left(server)


@pytest.mark.slow
@pytest.mark.parametrize("size", [2 * FIFTH, LARGE])
def test_an_image_of_another_size_than_recorded_is_named(server: S3Server, size: int) -> None:
    members = images(server, 6, size)
    members[1] = replace(members[1], size=members[1].size - 1)
    with pytest.raises(BadMembersError) as caught:
        build(server, [*members, *TEXTS])
    assert list(caught.value.reasons) == ["0001.png"]
    assert nothing_is_left(server)


@pytest.mark.slow
def test_an_image_overwritten_before_its_copy_is_named(server: S3Server) -> None:
    members = images_of(server, LARGE, LARGE + 1)
    held = server.hold("UploadPartCopy", nth=2)
    with ThreadPoolExecutor(1) as pool:
        building = pool.submit(build, server, [*members, *TEXTS])
        assert held.reached.wait(30)
        for member in members:
            server.put(f"{BUCKET}/{member.key}", image(99, member.size))
        held.release()
        with pytest.raises(BadMembersError) as caught:
            building.result()
    assert "does not match its record" in str(caught.value)
    assert nothing_is_left(server)


@pytest.mark.slow
@pytest.mark.usefixtures("small_parts")
def test_the_archive_is_not_seen_before_it_is_complete(server: S3Server) -> None:
    held = server.hold("CompleteMultipartUpload")
    members: list[ArchiveMember] = [*images(server, 6, SMALL), *TEXTS]
    with ThreadPoolExecutor(1) as pool:
        building = pool.submit(build, server, members)
        assert held.reached.wait(30)
        assert f"{BUCKET}/{KEY}" not in server.objects
        held.release()
        building.result()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("count", "size"),
    [
        (50, 1_500_000),
        (8, 20_000_000),
        pytest.param(2_000, 150_000, marks=pytest.mark.soak),
    ],
)
def test_memory_does_not_grow_with_the_archive(server: S3Server, count: int, size: int) -> None:
    for index in range(count):
        server.put(f"bench/images/{index}", image(index, size))
    sizes = ["--images", str(count), "--size", str(size)]
    ran = subprocess.run(
        [sys.executable, "-m", "bench.archive", *sizes, "--alone", server.endpoint],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "layers/core"), str(ROOT)])},
        capture_output=True,
        check=True,
    )
    assert 0 < json.loads(ran.stdout)["added_mib"] <= 120


@pytest.fixture
def moto_client(monkeypatch: pytest.MonkeyPatch) -> Iterator["S3Client"]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    quick_moto.install()
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        yield client


@pytest.mark.slow
@pytest.mark.parametrize("size", [1_000, 3 * FIFTH, LARGE])
def test_an_emulated_s3_is_served_alike(moto_client: "S3Client", size: int) -> None:
    bodies = [image(index, size) for index in range(3)]
    members: list[ArchiveMember] = []
    for index, body in enumerate(bodies):
        answer = moto_client.put_object(Bucket=BUCKET, Key=f"i/{index}", Body=body)
        members.append(
            StoredMember(f"{index}.png", f"i/{index}", size, zlib.crc32(body), answer["ETag"])
        )
    builder = S3ArchiveBuilder(moto_client, BUCKET)
    builder.build(KEY, members, modified=MODIFIED)
    made = moto_client.get_object(Bucket=BUCKET, Key=KEY)
    with zipfile.ZipFile(io.BytesIO(made["Body"].read())) as archived:
        assert [archived.read(name) for name in archived.namelist()] == bodies
    assert made["ContentType"] == "application/zip"
    assert "Uploads" not in moto_client.list_multipart_uploads(Bucket=BUCKET)
