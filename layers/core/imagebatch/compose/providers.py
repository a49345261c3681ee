"""The image providers, each created on first use, because their libraries load slowly."""

from collections.abc import Callable, Mapping
from functools import cached_property

from imagebatch.adapters.dynamodb.refusals import DynamoDBRefusalLog
from imagebatch.adapters.providers.noting import NotingProvider
from imagebatch.compose.services import Services
from imagebatch.ports.providers import ImageProvider

DOWNLOAD_SECONDS = 15.0
"""Two downloads fit into one invocation of the worker; a later delivery repeats it."""


class Providers(Services):
    @cached_property
    def providers(self) -> Mapping[str, ImageProvider]:
        return LazyProviders(
            {
                "development": self._development,
                "replicate": self._replicate,
                "runpod": self._runpod,
                "fal": self._fal,
            }
        )

    @cached_property
    def refusals(self) -> DynamoDBRefusalLog:
        return DynamoDBRefusalLog(*self.table, report=self.telemetry.unreadable)

    def _development(self) -> ImageProvider:
        from imagebatch.adapters.providers.development import DevelopmentProvider

        return DevelopmentProvider(self.clock, self.settings.dev_latency)

    def _replicate(self) -> ImageProvider:
        from imagebatch.adapters.providers.replicate import ReplicateProvider

        token = self.secret(self.settings.replicate_secret_arn)
        provider = ReplicateProvider(
            token, self.settings.replicate_base_url, download_seconds=DOWNLOAD_SECONDS
        )
        return self._noting("replicate", provider)

    def _runpod(self) -> ImageProvider:
        from imagebatch.adapters.providers.runpod import RunpodProvider

        settings = self.settings
        provider = RunpodProvider(
            self.secret(settings.runpod_secret_arn),
            settings.runpod_endpoint_id,
            settings.runpod_base_url,
            output_hosts=settings.runpod_output_hosts,
            download_seconds=DOWNLOAD_SECONDS,
        )
        return self._noting("runpod", provider)

    def _fal(self) -> ImageProvider:
        from imagebatch.adapters.providers.fal import FalProvider

        key = self.secret(self.settings.fal_secret_arn)
        provider = FalProvider(key, self.settings.fal_base_url, download_seconds=DOWNLOAD_SECONDS)
        return self._noting("fal", provider)

    def _noting(self, name: str, provider: ImageProvider) -> ImageProvider:
        return NotingProvider(name, provider, self.refusals, self.clock)


class LazyProviders(dict[str, ImageProvider]):
    def __init__(self, makers: Mapping[str, Callable[[], ImageProvider]]) -> None:
        super().__init__()
        self._makers = makers

    def __missing__(self, name: str) -> ImageProvider:
        self[name] = self._makers[name]()
        return self[name]
