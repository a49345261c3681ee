"""How long an archive takes, against moving the same bytes in and out without making a ZIP of them.

    python -m bench.archive --images 50 --size 1500000 --read-latency 0.03

The S3 is the tests' own, in a process of its own, on the same machine. Both ways use one boto3
client, the plain one with 16 requests in flight; `ratio` is ours over it, from the medians.
Peak memory is of a process that builds the archive and nothing else, above what it holds before.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from imagebatch.adapters.archive import S3ArchiveBuilder
from imagebatch.formats import crc32
from imagebatch.formats.zip_layout import TextMember
from imagebatch.ports.archive import ArchiveMember, StoredMember
from testing.s3server import client_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ROOT = Path(__file__).parents[1]
BUCKET = "bench"
MODIFIED = datetime(2026, 1, 1, tzinfo=UTC)
CONNECTIONS = 16


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--images", type=int, default=50)
    parser.add_argument("--size", type=int, default=1_500_000, help="bytes of an image")
    parser.add_argument(
        "--read-latency", type=float, default=0.03, help="seconds before S3 answers"
    )
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--json", action="store_true", help="print JSON alone")
    parser.add_argument("--alone", metavar="ADDRESS", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.alone:
        print(json.dumps(memory(client_of(given.alone), given.images, given.size)))
        return
    result = measure(given)
    if not given.json:
        for name, value in result.items():
            print(f"{name:>24}  {value}")
    print(json.dumps(result))


def measure(given: argparse.Namespace) -> dict[str, float]:
    with s3(given.read_latency) as address:
        client = client_of(address)
        members = store(client, given.images, given.size)
        plain, ours = [], []
        warm_up = given.runs > 1  # a single run is of many images, and long
        for run in range(given.runs + warm_up):
            plain.append(timed(partial(move, client, members)))
            ours.append(timed(partial(build, client, members, f"{run}.zip")))
            client.delete_object(Bucket=BUCKET, Key=f"{run}.zip")
        sizes = ["--images", str(given.images), "--size", str(given.size)]
        command = [sys.executable, "-m", "bench.archive", *sizes, "--alone", address]
        peak = json.loads(subprocess.run(command, check=True, capture_output=True, cwd=ROOT).stdout)
    total = given.images * given.size
    moved, built = statistics.median(plain[warm_up:]), statistics.median(ours[warm_up:])
    return {
        "images": given.images,
        "megabytes": round(total / 1e6, 1),
        "plain_seconds": round(moved, 3),
        "archive_seconds": round(built, 3),
        "ratio": round(built / moved, 3),
        "megabytes_per_second": round(total / built / 1e6, 1),
        **peak,
    }


@contextmanager
def s3(latency: float) -> Iterator[str]:
    command = [sys.executable, "-m", "testing.s3server", "--read-latency", str(latency)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.stdin.close()


def image(index: int, size: int) -> bytes:
    """Bytes that differ between images and are quick to regenerate."""
    return (index.to_bytes(4) * (size // 4 + 1))[:size]


def store(client: "S3Client", images: int, size: int) -> list[StoredMember]:
    def one(index: int) -> StoredMember:
        body, key = image(index, size), f"images/{index}"
        checksum = zlib.crc32(body)
        answer = client.put_object(
            Bucket=BUCKET, Key=key, Body=body, ChecksumCRC32=crc32.in_base64(checksum)
        )
        return StoredMember(f"image-{index:06d}.png", key, size, checksum, answer["ETag"])

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return list(pool.map(one, range(images)))


def move(client: "S3Client", members: list[StoredMember]) -> None:
    def one(member: StoredMember) -> None:
        body = client.get_object(Bucket=BUCKET, Key=member.key)["Body"].read()
        client.put_object(Bucket=BUCKET, Key=f"moved/{member.key}", Body=body)

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(one, members))


def build(client: "S3Client", images: list[StoredMember], key: str) -> None:
    members: list[ArchiveMember] = [*images, TextMember("results.csv", b"row,status\r\n" * 50)]
    S3ArchiveBuilder(client, BUCKET).build(key, members, modified=MODIFIED)


def timed(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def memory(client: "S3Client", images: int, size: int) -> dict[str, float]:
    members = [
        StoredMember(f"image-{i:06d}.png", f"images/{i}", size, zlib.crc32(image(i, size)), "*")
        for i in range(images)
    ]
    client.head_object(Bucket=BUCKET, Key="images/0")
    before = status("VmRSS")
    build(client, members, "memory.zip")
    return {"idle_mib": before, "added_mib": round(status("VmHWM") - before, 1)}


def status(name: str) -> float:
    """Return a size of this process in MiB, as Linux counts it."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return round(int(lines[name].split()[0]) / 1024, 1)


if __name__ == "__main__":
    main()
