"""Runs the rounds of batches in this process, on a function's services over moto."""

import io
from collections.abc import Collection, Sequence
from copy import copy, replace
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from unittest.mock import create_autospec
from zipfile import ZipFile

from imagebatch.adapters.providers.development import DevelopmentProvider
from imagebatch.domain.batch import Batch
from imagebatch.domain.errors import FailureCode, RejectedError
from imagebatch.formats.zip_layout import TextMember
from imagebatch.ports.archive import ArchiveBuilder, ArchiveMember, BadMembersError, BuiltArchive
from imagebatch.ports.item_queue import ItemMessage
from imagebatch.ports.objects import ObjectStore
from imagebatch.ports.providers import CreateLookup, ImageProvider, ImageRequest, Prediction
from imagebatch.ports.telemetry import Telemetry
from imagebatch.usecases.finalize_batch import FinalizerRun
from imagebatch.usecases.process_item.run import ProcessItem
from testing.fakes import InMemoryFinalizer, InMemoryItemQueue
from testing.services import Deployment

OWNER = "local"


@dataclass
class CountingProvider(ImageProvider):
    """Placeholders immediately; a prompt that contains a word of `refuses` is rejected."""

    inner: ImageProvider
    created: list[str] = field(default_factory=list)
    refuses: Collection[str] = ()

    def create(self, request: ImageRequest) -> Prediction:
        self.created.append(request.prompt)
        if any(word in request.prompt for word in self.refuses):
            raise RejectedError(FailureCode.CONTENT_REFUSED, "The provider refused the prompt")
        return self.inner.create(request)

    def find_created(self, request: ImageRequest, since: datetime) -> CreateLookup:
        return self.inner.find_created(request, since)

    def get(self, prediction_id: str, request: ImageRequest) -> Prediction:
        return self.inner.get(prediction_id, request)

    def cancel(self, prediction_id: str, request: ImageRequest) -> None:
        self.inner.cancel(prediction_id, request)

    def fetch(self, prediction: Prediction, request: ImageRequest) -> bytes:
        return self.inner.fetch(prediction, request)


@dataclass
class ZipBuilder(ArchiveBuilder):
    """Builds the archive with Python's zipfile, because moto does not support the real builder's
    requests.
    """

    media: ObjectStore

    def build(
        self, key: str, members: Sequence[ArchiveMember], *, modified: datetime
    ) -> BuiltArchive:
        bodies = {each.name: self._body(each) for each in members}
        gone = {name: "gone" for name, body in bodies.items() if body is None}
        if gone:
            raise BadMembersError(gone)
        made = io.BytesIO()
        with ZipFile(made, "w") as opened:
            for name, body in bodies.items():
                opened.writestr(name, body or b"")
        self.media.put(key, made.getvalue(), "application/zip")
        return BuiltArchive(key, made.tell(), len(members))

    def discard(self, key: str) -> None: ...

    def _body(self, member: ArchiveMember) -> bytes | None:
        return member.body if isinstance(member, TextMember) else self.media.get(member.key)


class Rounds:
    """Replaces dispatcher, workers and finalizer."""

    def __init__(self, services: Deployment, owner: str = OWNER) -> None:
        self.services, self.owner = services, owner
        vars(services)["telemetry"] = create_autospec(Telemetry, instance=True)
        self.provider = CountingProvider(DevelopmentProvider(services.clock, 0.0))
        vars(services)["providers"] = {"development": self.provider}
        vars(services)["finalizer"] = InMemoryFinalizer()
        vars(services)["item_queue"] = InMemoryItemQueue()
        builder = ZipBuilder(services.media)
        vars(services)["finalize_batch"] = replace(services.finalize_batch, builder=builder)

    def run(self, batch_id: str, *, refuses: Collection[str] = ()) -> Batch:
        """Run the current round up to its published archive."""
        self.provider.refuses = refuses
        services = self.services
        batch = services.records.batch(self.owner, batch_id)
        services.dispatch_items(self.owner, batch_id, batch.round)
        indices = services.store.round_list(self.owner, batch_id, batch.round) or ()
        process = self._process_item()
        for position, index in enumerate(indices):
            message = ItemMessage(self.owner, batch_id, batch.round, position, index)
            process(message, services.clock.now() + timedelta(seconds=60))
        return self.finalize(batch_id)

    def finalize(self, batch_id: str) -> Batch:
        """Build and publish the archive for which the batch waits."""
        services = self.services
        batch = services.records.batch(self.owner, batch_id)
        run = FinalizerRun(self.owner, batch_id, batch.round, batch.state.attempt)
        built = services.finalize_batch.build(run)
        while not built["done"]:
            built = services.finalize_batch.build(run)
        services.finalize_batch.publish(run, built.get("archive"))
        return services.records.batch(self.owner, batch_id)

    def forget_archive(self, batch_id: str) -> None:
        """As if the archive had expired."""
        batch = self.services.records.batch(self.owner, batch_id)
        past = self.services.clock.now() - timedelta(seconds=1)
        self.services.store.commit(replace(batch, expires_at=past))

    def resume(self, earlier: "Rounds") -> None:
        """Take over what an earlier stack's provider, finalizer and queue were asked."""
        self.provider.created = [*earlier.provider.created]
        for name in ("finalizer", "item_queue"):
            known = vars(getattr(earlier.services, name)).items()
            own = {key: copy(value) for key, value in known if key != "_faults_lock"}
            vars(getattr(self.services, name)).update(own)

    def _process_item(self) -> ProcessItem:
        services = self.services
        return ProcessItem(
            services.records,
            services.item_queue,
            services.finalizer,
            services.perform_effect(),
            services.telemetry,
            services.settings.item_deadline,
            services.settings.worker_concurrency,
            policy=services.settings.outage_policy,
        )
