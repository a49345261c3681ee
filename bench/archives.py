"""The archive rows: bench/archive.py in the sizes of the goals."""

import zipfile
from argparse import Namespace
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bench import archive
from bench.environment import BenchEnvironment
from bench.report import Figure

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from imagebatch.ports.archive import StoredMember

LATENCY = 0.03
SIZES = (
    (50, 1_500_000, 7, 1.05),
    (1_000, 200_000, 3, 1.05),
    (50, 20_000_000, 3, 0.5),
    (10, 40_000_000, 7, 0.5),
    (10_000, 300_000, 1, 1.05),
)
"""Images, bytes of each, repetitions, goal. S3 copies large ones itself."""
TINY = ((5, 150_000, 1, 1.05), (2, 12_000_000, 1, 0.5))
MEBIBYTE = 1_048_576


def measure(environment: BenchEnvironment) -> Iterator[Figure]:
    added = {}
    for images, size, runs, goal in TINY if environment.tiny else SIZES:
        given = Namespace(images=images, size=size, read_latency=LATENCY, runs=runs)
        found = archive.measure(given)
        name = f"{images:,} x {size / 1e6:g} MB"
        yield Figure(
            what=f"archive, {name}, against moving the bytes",
            value=found["ratio"],
            goal=goal,
            detail=found,
        )
        added[name] = found["added_mib"] * MEBIBYTE / 1e6
    yield Figure(
        what="archive, peak memory above idle, any count of images",
        value=max(added.values()),
        goal=120,
        unit="MB",
        detail=added,
    )
    yield naive(environment)


def naive(environment: BenchEnvironment) -> Figure:
    """Download everything, zip it with the standard library, upload the file."""
    images, size, runs = TINY[0][:3] if environment.tiny else (50, 1_500_000, 5)
    with archive.s3(LATENCY) as address, TemporaryDirectory() as folder:
        client = archive.client_of(address)
        members = archive.store(client, images, size)
        theirs, ours = [], []
        for run in range(runs + 1):
            theirs.append(archive.timed(partial(_one_after_another, client, members, Path(folder))))
            ours.append(archive.timed(partial(archive.build, client, members, f"{run}.zip")))
    return Figure(
        what="archive, times faster than download-all, zipfile, upload_file",
        value=median(theirs[1:]) / median(ours[1:]),
        goal=5,
        at_least=True,
        detail={"naive s": median(theirs[1:]), "ours s": median(ours[1:])},
    )


def _one_after_another(client: "S3Client", members: list["StoredMember"], folder: Path) -> None:
    made = folder / "naive.zip"
    for member in members:
        client.download_file(archive.BUCKET, member.key, str(folder / member.name))
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as opened:
        for member in members:
            opened.write(folder / member.name, member.name)
    client.upload_file(str(made), archive.BUCKET, "naive.zip")
