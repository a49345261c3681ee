"""The whole core over the real clients of the providers, which talk to a server on this machine."""

from collections import Counter
from contextlib import ExitStack
from copy import replace
from typing import Any, Self

from imagebatch.adapters.images import PillowValidator
from imagebatch.domain.model_registry import ImageModel
from imagebatch.domain.statuses import ItemStatus
from testing.app_harness import OWNER, AppHarness
from testing.fake_providers import FakeProviders
from testing.live_providers import live_providers
from testing.models import a_model
from tests.usecases.scheduler import Scheduler

MODELS = {
    "replicate": a_model("google/one", provider="replicate"),
    "runpod": a_model("runpod/one", provider="runpod", upstream="one"),
    "fal": a_model("fal-ai/one/edit", provider="fal"),
}


class LiveApp(AppHarness):
    """Both sides go by the harness's clock, so that no outage and no prediction is waited for."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self._opened = ExitStack()
        fake = FakeProviders(clock=lambda: self.clock.now().timestamp())
        self.fake = self._opened.enter_context(fake)
        self.clients = self._opened.enter_context(live_providers(self.fake.url))
        perform = self.process_item.perform
        gateway = replace(perform.gateway, providers=self.clients)
        collect = replace(perform.collect, gateway=gateway, validator=PillowValidator())
        perform = replace(perform, gateway=gateway, collect=collect)
        self.process_item = replace(self.process_item, perform=perform)
        self.process_dead_letter = replace(self.process_item, may_create=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def make(self, size: int, *models: ImageModel, **facts: Any) -> None:
        """Submits so many rows and delivers until nothing is left."""
        self.start(size, models=models, **facts)
        Scheduler(self).run()

    @property
    def times_settled(self) -> Counter[int]:
        """How often each row has come to an end, by the batch's own history."""
        ends = {ItemStatus.SUCCEEDED, ItemStatus.FAILED, ItemStatus.CANCELLED}
        changes = self.store.changes(OWNER, "b1", 0, 10**6)
        return Counter(c.item.index for c in changes if c.item and c.item.status in ends)

    @property
    def images(self) -> set[str]:
        """The pictures that are stored, by key."""
        found = self.media.objects.items()
        return {key for key, stored in found if stored.content_type == "image/png"}
