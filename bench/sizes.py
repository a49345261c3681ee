"""The size of each function once Lambda has unpacked it with its layers."""

from collections.abc import Iterator

from bench.artifact import Artifact
from bench.environment import BenchEnvironment
from bench.report import Figure

MEGABYTE = 1_000_000


def measure(_: BenchEnvironment) -> Iterator[Figure]:
    """The largest of the small ones, and of those that handle images."""
    artifact = Artifact.built()
    found = {name: artifact.size(name) / MEGABYTE for name in artifact.functions}
    with_images = {n: s for n, s in found.items() if artifact.draws(n)}
    others = {n: s for n, s in found.items() if n not in with_images}
    yield Figure(
        what="package, functions with the imaging layer",
        value=max(with_images.values()),
        goal=60,
        unit="MB",
        detail=with_images,
    )
    yield Figure(
        what="package, all other functions",
        value=max(others.values()),
        goal=40,
        unit="MB",
        detail=others,
    )
