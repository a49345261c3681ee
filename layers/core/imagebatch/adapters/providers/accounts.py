"""A provider's account: whether it accepts the key, by a request that costs nothing."""

from collections.abc import Callable

import httpx

from imagebatch.adapters.providers import replicate, runpod
from imagebatch.adapters.providers.answers import AuthorizedTransport
from imagebatch.adapters.providers.transport import MEGABYTE, DeadlineTransport
from imagebatch.ports.diagnosis import ProviderAccount

SECONDS = 8.0


class HttpAccount(ProviderAccount):
    def __init__(self, vendor: str, key: Callable[[], str], url: str) -> None:
        self._vendor = vendor
        self._key = key
        self._url = url

    def check(self) -> None:
        wire = DeadlineTransport(self._vendor, seconds=SECONDS, max_bytes=MEGABYTE)
        transport = AuthorizedTransport(self._vendor, self._key, wire)
        with httpx.Client(transport=transport, trust_env=False) as client:
            client.get(self._url)


def replicate_account(token: Callable[[], str], base_url: str) -> ProviderAccount:
    root = base_url.rstrip("/") or replicate.API
    return HttpAccount(replicate.VENDOR, token, f"{root}/v1/account")


def runpod_account(key: Callable[[], str], endpoint: str, base_url: str) -> ProviderAccount:
    """`endpoint` is the stack's own, or the name of a public one."""
    root = base_url.rstrip("/") or runpod.API
    return HttpAccount(runpod.VENDOR, key, f"{root}/v2/{endpoint}/health")
