"""Checks whether providers still have their models, with free requests."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, override
from urllib.parse import quote

import httpx

from imagebatch.adapters.providers import fal, replicate, runpod
from imagebatch.adapters.providers.accounts import FAL_PLATFORM_API
from imagebatch.adapters.providers.answers import AuthorizedTransport, MissingError
from imagebatch.adapters.providers.read_json import read_json
from imagebatch.adapters.providers.transport import MEGABYTE, DeadlineTransport
from imagebatch.domain.errors import ProviderError
from imagebatch.domain.model_checks import Presence, Sighting
from imagebatch.domain.model_registry import ImageModel
from imagebatch.ports.model_lookup import ModelLookup

SECONDS = 3.0
AT_ONCE = 8
"""With these two limits, forty names at providers that do not respond take 15 seconds."""


class ProviderCatalog:
    """Queries one provider. `url_of` returns the URL for a name."""

    def __init__(
        self,
        vendor: str,
        key: Callable[[], str],
        url_of: Callable[[str], str],
        *,
        scheme: str = "Bearer",
        lists: Callable[[httpx.Response, str], bool] = lambda _answer, _name: True,
    ) -> None:
        self._vendor = vendor
        self._key = key
        self._scheme = scheme
        self._url_of = url_of
        self._lists = lists

    def read_key(self) -> None:
        """Before the threads start: AWS clients must not be created concurrently."""
        with suppress(ProviderError):
            self._key()

    def find(self, name: str) -> Sighting:
        try:
            answer = self._get(self._url_of(name))
            if self._lists(answer, name):
                return Sighting(Presence.SERVED)
        except MissingError:
            return self._gone(name)
        except ProviderError as error:
            return Sighting(Presence.UNCLEAR, str(error))
        except ValueError:
            return Sighting(Presence.UNCLEAR, f"The response of {self._vendor} cannot be read.")
        return self._gone(name)

    def _gone(self, name: str) -> Sighting:
        return Sighting(Presence.GONE, f"{self._vendor} no longer has {name}.")

    def _get(self, url: str) -> httpx.Response:
        wire = DeadlineTransport(self._vendor, seconds=SECONDS, max_bytes=4 * MEGABYTE)
        transport = AuthorizedTransport(self._vendor, self._key, wire, scheme=self._scheme)
        with httpx.Client(transport=transport, trust_env=False) as client:
            return client.get(url)


class HttpModelLookup(ModelLookup):
    """`catalogs` are those of the providers with a key. Every name is requested once."""

    def __init__(self, catalogs: Mapping[str, ProviderCatalog]) -> None:
        self._catalogs = catalogs

    @override
    def look_up(self, models: Sequence[ImageModel]) -> Mapping[str, Sighting]:
        names = list(
            dict.fromkeys((each.provider, name) for each in models for name in each.upstream_names)
        )
        for provider in {provider for provider, _ in names}:
            self._catalogs[provider].read_key()
        with ThreadPoolExecutor(AT_ONCE) as threads:
            found = dict(zip(names, threads.map(self._find, names), strict=True))
        return {
            each.id: _worst(found[each.provider, name] for name in each.upstream_names)
            for each in models
        }

    def _find(self, name: tuple[str, str]) -> Sighting:
        provider, upstream = name
        return self._catalogs[provider].find(upstream)


def _worst(sightings: Iterable[Sighting]) -> Sighting:
    """A model needs all of its names."""
    order = [Presence.GONE, Presence.UNCLEAR, Presence.SERVED]
    return min(sightings, key=lambda each: order.index(each.presence))


def replicate_catalog(token: Callable[[], str], base_url: str) -> ProviderCatalog:
    root = base_url.rstrip("/") or replicate.API

    def url_of(name: str) -> str:
        model, _, version = name.partition(":")
        return f"{root}/v1/models/{model}{f'/versions/{version}' if version else ''}"

    return ProviderCatalog(replicate.VENDOR, token, url_of)


def runpod_catalog(key: Callable[[], str], endpoint: str, base_url: str) -> ProviderCatalog:
    """`endpoint` is the stack's own, which then generates the images of every model."""
    root = base_url.rstrip("/") or runpod.API
    return ProviderCatalog(
        runpod.VENDOR, key, lambda name: f"{root}/v2/{quote(endpoint or name, safe='')}/health"
    )


def fal_catalog(key: Callable[[], str], base_url: str) -> ProviderCatalog:
    root = base_url.rstrip("/") or FAL_PLATFORM_API
    return ProviderCatalog(
        fal.VENDOR,
        key,
        lambda name: f"{root}/v1/models?endpoint_id={quote(name, safe='')}",
        scheme=fal.KEY_SCHEME,
        lists=lambda answer, name: name in _endpoints(read_json(answer.content)),
    )


def _endpoints(body: Any) -> Iterator[str]:
    """Return the IDs in a list of models; ValueError if it is not such a list."""
    models = body.get("models") if isinstance(body, dict) else None
    if not isinstance(models, list) or not all(isinstance(each, dict) for each in models):
        raise ValueError("the answer is not a list of models")
    return (str(each.get("endpoint_id")) for each in models)
