"""The real clients of all three providers, against a local server."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

from imagebatch.adapters.providers.fal import FalProvider
from imagebatch.adapters.providers.replicate import ReplicateProvider
from imagebatch.adapters.providers.runpod import RunpodProvider
from imagebatch.ports.providers import ImageProvider

SECONDS = 2.0
"""The timeout for a response."""


@contextmanager
def live_providers(url: str) -> Iterator[dict[str, ImageProvider]]:
    def key() -> str:
        return "key"

    with ExitStack() as opened:
        yield {
            "replicate": opened.enter_context(
                closing(ReplicateProvider(key, url, seconds=SECONDS))
            ),
            "runpod": opened.enter_context(closing(RunpodProvider(key, "", url, seconds=SECONDS))),
            "fal": opened.enter_context(closing(FalProvider(key, url, seconds=SECONDS))),
        }
