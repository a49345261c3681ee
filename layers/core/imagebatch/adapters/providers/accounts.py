"""Checks whether a provider accepts the key, with a free request."""

from collections.abc import Callable

import httpx

from imagebatch.adapters.providers import fal, replicate, runpod
from imagebatch.adapters.providers.answers import AuthorizedTransport
from imagebatch.adapters.providers.transport import MEGABYTE, DeadlineTransport
from imagebatch.ports.provider_account import ProviderAccount

SECONDS = 8.0
FAL_PLATFORM_API = fal.PLATFORM_API


class HttpAccount(ProviderAccount):
    def __init__(
        self, vendor: str, key: Callable[[], str], url: str, *, scheme: str = "Bearer"
    ) -> None:
        self._vendor = vendor
        self._scheme = scheme
        self._key = key
        self._url = url

    def check(self) -> None:
        wire = DeadlineTransport(self._vendor, seconds=SECONDS, max_bytes=MEGABYTE)
        transport = AuthorizedTransport(self._vendor, self._key, wire, scheme=self._scheme)
        with httpx.Client(transport=transport, trust_env=False) as client:
            client.get(self._url)


def replicate_account(token: Callable[[], str], base_url: str) -> ProviderAccount:
    root = base_url.rstrip("/") or replicate.API
    return HttpAccount(replicate.VENDOR, token, f"{root}/v1/account")


def runpod_account(key: Callable[[], str], endpoint: str, base_url: str) -> ProviderAccount:
    """`endpoint` is the stack's own, or the name of a public one."""
    root = base_url.rstrip("/") or runpod.API
    return HttpAccount(runpod.VENDOR, key, f"{root}/v2/{endpoint}/health")


def fal_account(key: Callable[[], str], base_url: str) -> ProviderAccount:
    """Uses a list of one model."""
    root = base_url.rstrip("/") or FAL_PLATFORM_API
    return HttpAccount(fal.VENDOR, key, f"{root}/v1/models?limit=1", scheme=fal.KEY_SCHEME)
