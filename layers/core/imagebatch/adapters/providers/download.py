"""Downloads a finished image: only from the provider's hosts, without the key, bounded."""

import base64
import binascii
from collections.abc import Collection
from functools import cached_property
from urllib.parse import unquote_to_bytes

import httpx

from imagebatch.adapters.providers.transport import MEGABYTE, DeadlineTransport
from imagebatch.domain.errors import FailureCode, ProviderUnavailableError, UnfitOutputError

MAX_IMAGE_BYTES = 50 * MEGABYTE
MAX_REDIRECTS = 3


class Downloader:
    """`hosts` are names, or `*.name` for any host under one; only https and the default port.

    `advice` is what to change if an image is elsewhere. `development_url` is the URL of a
    development provider: files are also accepted from exactly its scheme, host and port.

    Raises ProviderUnavailableError; its code is `invalid_output` if requesting the same URL again
    cannot help, and it is an UnfitOutputError if another image would be no different.
    """

    def __init__(
        self,
        vendor: str,
        hosts: Collection[str],
        *,
        development_url: str = "",
        seconds: float = 30.0,
        advice: str = "choose another model",
    ) -> None:
        self._vendor = vendor
        self._hosts = frozenset(hosts)
        self._development = _origin(httpx.URL(development_url)) if development_url else None
        self._seconds = seconds
        self._advice = advice

    def fetch(self, address: str) -> bytes:
        if address[:5].lower() == "data:":
            return self._inline(address)
        for _ in range(MAX_REDIRECTS):
            response = self._client.get(self._allowed(address))
            if not response.is_redirect:
                return self._body(response)
            address = self._moved_to(response)
        raise self._unusable_output("was moved too often")

    def _moved_to(self, response: httpx.Response) -> str:
        location = response.headers.get("Location", "")
        if not location:
            raise self._unusable_output(f"was moved without an address ({response.status_code})")
        try:
            return str(response.url.join(location))
        except (httpx.InvalidURL, ValueError):
            raise self._unusable_output("has no valid address") from None

    def close(self) -> None:
        self._client.close()

    @cached_property
    def _client(self) -> httpx.Client:
        wire = DeadlineTransport(self._vendor, seconds=self._seconds, max_bytes=MAX_IMAGE_BYTES)
        return httpx.Client(transport=wire, follow_redirects=False, trust_env=False)

    def _body(self, response: httpx.Response) -> bytes:
        if response.status_code in {404, 410}:
            raise self._unusable_output("is no longer available: output link expired")
        if response.status_code != 200:
            raise ProviderUnavailableError(
                f"The image could not be downloaded from {self._vendor} ({response.status_code})."
            )
        return response.content

    def _allowed(self, address: str) -> httpx.URL:
        try:
            url = httpx.URL(address)
        except (httpx.InvalidURL, ValueError):
            raise self._unusable_output("has no valid address") from None
        if not (self._is_own(url) or _origin(url) == self._development) or url.userinfo:
            raise UnfitOutputError(
                f"The image {self._vendor} made is on the host {url.host[:60]!r}, from which "
                f"nothing is downloaded: {self._advice}."
            )
        return url

    def _is_own(self, url: httpx.URL) -> bool:
        _, _, domain = url.host.partition(".")
        parents = {f"*.{domain}"}
        while "." in domain:
            _, _, domain = domain.partition(".")
            parents.add(f"*.{domain}")
        usual = url.scheme == "https" and url.port is None
        return usual and not self._hosts.isdisjoint({url.host, *parents})

    def _inline(self, address: str) -> bytes:
        head, comma, data = address.partition(",")
        if not comma or len(data) > MAX_IMAGE_BYTES * 4 // 3 + 4:
            raise self._unusable_output("is malformed or too large")
        if not head.lower().endswith(";base64"):
            return unquote_to_bytes(data)
        try:
            # Some workers insert line breaks.
            return base64.b64decode("".join(data.split()), validate=True)
        except (binascii.Error, ValueError):
            raise UnfitOutputError(
                f"The image from {self._vendor} is not valid base64: choose another model.",
                address.encode(errors="replace"),
            ) from None

    def _unusable_output(self, what: str) -> ProviderUnavailableError:
        return ProviderUnavailableError(
            f"The image {self._vendor} made {what}.", code=FailureCode.INVALID_OUTPUT
        )


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
