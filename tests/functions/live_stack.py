"""A stack with keys of all three providers: its API, its queue's functions and its archives over
moto, the providers' real clients against a server on this machine.
"""

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import replace
from datetime import timedelta
from functools import cached_property
from typing import Any

from imagebatch.adapters.system import SystemClock
from imagebatch.domain.model_registry import ModelRegistry
from imagebatch.ports.item_queue import ItemMessage, RetryLater
from imagebatch.ports.providers import ImageProvider
from imagebatch.usecases.process_item.run import ProcessItem
from testing.fake_providers import FakeProviders
from testing.fakes.system import FakeClock
from testing.live_providers import live_providers
from testing.rounds import Rounds
from testing.services import Deployment
from tests.functions.conftest import Api
from tests.usecases.scheduler import Scheduler

SECRETS = ("replicate_secret_arn", "runpod_secret_arn", "fal_secret_arn")
ADDRESSES = ("replicate_base_url", "runpod_base_url", "fal_base_url")


class LiveStack(Rounds):
    """Its clock moves when something sleeps, and the providers go by it: nothing is waited for."""

    def __init__(
        self,
        services: Deployment,
        fake: FakeProviders,
        clock: FakeClock,
        providers: Mapping[str, ImageProvider],
    ) -> None:
        live = Deployment(services.settings, services.clients)
        live.clock = clock  # type: ignore[assignment]
        super().__init__(live)
        vars(live)["providers"] = providers
        self.fake, self.clock, self.providers = fake, clock, providers
        self.queue: Any = live.item_queue
        self.api = Api(live)

    def redeployed(self, registry: ModelRegistry | None = None) -> "LiveStack":
        """Functions that start anew on the same table, bucket and queue, of a release with another
        registry.
        """
        after = LiveStack(self.services, self.fake, self.clock, self.providers)
        vars(after.services)["item_queue"] = after.queue = self.queue
        if registry is not None:
            vars(after.services)["registry"] = lambda: registry
        return after

    @cached_property
    def process_item(self) -> ProcessItem:
        return self._process_item()

    def deliver(self, message: ItemMessage | None = None, seconds: float = 60) -> RetryLater | None:
        return self.process_item(message or self.queue.pop(), self._ends(seconds))

    def dead_letter(self, message: ItemMessage, seconds: float = 60) -> RetryLater | None:
        buried = replace(self.process_item, may_create=False)
        return buried(message, self._ends(seconds))

    def dispatch(self, batch_id: str) -> None:
        batch = self.services.records.batch(self.owner, batch_id)
        self.services.dispatch_items(self.owner, batch_id, batch.round)

    def finish(self, batch_id: str) -> dict[str, Any]:
        """Runs the round to its end; what the API says of the batch then."""
        self.dispatch(batch_id)
        Scheduler(self).run()
        self.finalize(batch_id)
        return self.status(batch_id)

    def status(self, batch_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.api.get(f"/api/batch/{batch_id}").json()
        return found

    def results(self, batch_id: str) -> list[dict[str, str]]:
        """The rows of the archive's results.csv."""
        batch = self.services.records.batch(self.owner, batch_id)
        assert batch.state.archive is not None
        body = self.services.media.get(batch.state.archive.key)
        with zipfile.ZipFile(io.BytesIO(body or b"")) as archive:
            return [*csv.DictReader(io.StringIO(archive.read("results.csv").decode("utf-8-sig")))]

    def _ends(self, seconds: float) -> Any:
        return self.clock.now() + timedelta(seconds=seconds)


@contextmanager
def live_stack(services: Deployment) -> Iterator[LiveStack]:
    """On the tables and buckets of these services."""
    secrets = services.clients.secretsmanager
    arn = secrets.create_secret(Name="key", SecretString="token")["ARN"]
    clock = FakeClock(SystemClock().now())
    with (
        FakeProviders(clock=lambda: clock.now().timestamp()) as fake,
        live_providers(fake.url) as providers,
    ):
        settings = replace(
            services.settings,
            **dict.fromkeys(SECRETS, arn),
            **dict.fromkeys(ADDRESSES, fake.url),
        )
        yield LiveStack(Deployment(settings, services.clients), fake, clock, providers)
