"""An archive's builder is killed at every one of its parts in turn, and built again."""

import hashlib
import signal
import subprocess
import sys
import zlib
from collections.abc import Iterator

from bench import archive
from bench.environment import BenchEnvironment
from bench.report import Figure
from imagebatch.ports import StoredMember
from local import paths
from testing.s3server import S3Server, client_of

SIZE = 1_500_000


def measure(environment: BenchEnvironment) -> Iterator[Figure]:
    images = 8 if environment.tiny else 40
    with S3Server() as server:
        for index in range(images):
            server.put(f"{archive.BUCKET}/images/{index}", archive.image(index, SIZE))
        _build(server, images, "first.zip").wait()
        first, parts = _sha256(server, "first.zip"), server.count("UploadPart")
        found = [_killed_at(server, images, part) for part in range(1, parts + 1)]
    different = sum(digest != first for digest, _ in found)
    yield Figure(
        what="archive built again after a kill: other bytes than the first build",
        value=different,
        goal=0,
        unit="builds",
        detail={"parts killed at": parts, "sha256": first},
    )
    yield Figure(
        what="archive built again after a kill: recorded parts uploaded twice",
        value=sum(again for _, again in found),
        goal=0,
        unit="parts",
        detail={"builds": len(found)},
    )


def _killed_at(server: S3Server, images: int, part: int) -> tuple[str, int]:
    """The SHA-256 of what the second build made, and how many recorded parts it uploaded again."""
    key = f"killed-{part}.zip"
    held = server.hold("UploadPart", nth=part)
    builder = _build(server, images, key)
    assert held.reached.wait(60), "the build did not come so far"
    builder.send_signal(signal.SIGKILL)
    builder.wait()
    held.drop()
    server.drain()
    recorded = sum(
        len(u.parts) for u in server.uploads.values() if u.key == f"{archive.BUCKET}/{key}"
    )
    before = server.count("UploadPart")
    assert _build(server, images, key).wait() == 0
    uploaded = server.count("UploadPart") - before
    made = server.objects.pop(f"{archive.BUCKET}/{key}")
    again = recorded + uploaded - len(made.parts)
    return hashlib.sha256(made.body).hexdigest(), again


def _build(server: S3Server, images: int, key: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "bench.resume", server.endpoint, str(images), key]
    return subprocess.Popen(command, cwd=paths.ROOT)


def _sha256(server: S3Server, key: str) -> str:
    return hashlib.sha256(server.objects[f"{archive.BUCKET}/{key}"].body).hexdigest()


def main() -> None:
    """The builder that is killed."""
    address, images, key = sys.argv[1:]
    members = [
        StoredMember(f"{i:06d}.png", f"images/{i}", SIZE, zlib.crc32(archive.image(i, SIZE)), "*")
        for i in range(int(images))
    ]
    archive.build(client_of(address), members, key)


if __name__ == "__main__":
    main()
