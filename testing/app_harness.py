"""The whole core over fakes: submit, deliver, crash, and inspect the records."""

from copy import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from imagebatch.domain.batch import Batch
from imagebatch.domain.batch_manifest import BatchManifest
from imagebatch.domain.budgets import Limits
from imagebatch.domain.effective_status import effective_item_status
from imagebatch.domain.fallback import STANDARD_POLICY
from imagebatch.domain.item import Item, ItemSpec
from imagebatch.domain.model_registry import ImageModel, Mode
from imagebatch.domain.statuses import ItemStatus, Kind
from imagebatch.ports.item_queue import ItemMessage, RetryLater
from imagebatch.reports.archive_texts import archive_texts
from imagebatch.schemas.webhook import webhook_body
from imagebatch.usecases.cancel_batch import CancelBatch
from imagebatch.usecases.choose_version import ChooseVersion
from imagebatch.usecases.circuit_breakers import CircuitBreakers
from imagebatch.usecases.collect_image import CollectImage, ProviderGateway
from imagebatch.usecases.dispatch_items import DispatchItems
from imagebatch.usecases.drop_folder import PublishToOutbox
from imagebatch.usecases.finalize_batch import FinalizeBatch, FinalizerRun
from imagebatch.usecases.find_items import FindItems
from imagebatch.usecases.folders import OpenFolders
from imagebatch.usecases.mark_image import MarkImage
from imagebatch.usecases.notify_owner import NotifyOwner, ReplayWebhook, SendWebhook, notice_of
from imagebatch.usecases.poll_schedule import PollSchedule
from imagebatch.usecases.process_item.perform import PerformEffect
from imagebatch.usecases.process_item.run import ProcessItem
from imagebatch.usecases.rebuild_archive import RebuildArchive
from imagebatch.usecases.records import BatchRepository
from imagebatch.usecases.redo_items import RedoItems, RedoRequest
from imagebatch.usecases.repair_stalled_batches import RepairStalledBatches
from imagebatch.usecases.retry_batch import RetryBatch
from imagebatch.usecases.round_models import ChooseRoundModels
from imagebatch.usecases.submit_batch import Submission, SubmitBatch
from imagebatch.usecases.watch_batch import WatchBatch
from imagebatch.usecases.watcher_places import HoldPlace
from testing.fakes import (
    FakeClock,
    FakeRandomness,
    InMemoryBatchStore,
    InMemoryBreakerStore,
    InMemoryDispatchQueue,
    InMemoryFinalizer,
    InMemoryItemQueue,
    InMemoryLibraryStore,
    InMemoryObjectStore,
    InMemoryPredictionLedger,
    InMemoryWebhooks,
    LenientValidator,
    ScriptedProvider,
    StubThumbnailer,
)
from testing.fakes.archives import ListingBuilder, ListingPages
from testing.fakes.deliveries import InMemoryDeliveryStore
from testing.fakes.telemetry import SilentTelemetry
from testing.fakes.watchers import InMemoryWatcherPlaces
from testing.models import a_model, a_registry, usable

OWNER = "ann"
PRICE = Decimal("0.05")
WORKERS = 3
MODEL = a_model(price=str(PRICE))
LIMITS = Limits(active_batches=20)
OTHER_MODEL = a_model("other", price="0.08", hd="0.16", supports_seed=True)
"""The models that a later round may use."""


def a_row(i: int) -> ItemSpec:
    return ItemSpec(
        index=i, custom_id=f"c{i}", row=i + 2, prompt=str(i), stem=f"car-{i}",
        price=PRICE, input={"prompt": str(i)}, cells=(str(i),),
    )  # fmt: skip


class AppHarness:
    def __init__(
        self,
        *,
        seconds: float = 2.0,
        time_limit: float = 300,
        store: Any = None,
        accounts: Any = None,
        ledger: Any = None,
        limits: Limits = LIMITS,
        clock: FakeClock | None = None,
        random: FakeRandomness | None = None,
        provider: ScriptedProvider | None = None,
        workers: int = WORKERS,
    ) -> None:
        self.clock, self.random = clock or FakeClock(), random or FakeRandomness()
        self.store, self.media = store or InMemoryBatchStore(), InMemoryObjectStore()
        self.provider = provider or ScriptedProvider(self.clock, seconds)
        self.accounts = accounts or self.store.accounts
        self.ledger = ledger or InMemoryPredictionLedger()
        self.records = BatchRepository(self.store, self.clock, self.random, limits)
        self._add_fakes()
        self._add_dispatch(workers)
        self._add_worker(workers, timedelta(seconds=time_limit))
        self._add_rounds()
        self._add_webhooks()
        self._add_finalizer()

    def _add_fakes(self) -> None:
        self.queue, self.dispatch = InMemoryItemQueue(), InMemoryDispatchQueue()
        self.finalizer, self.telemetry = InMemoryFinalizer(), SilentTelemetry()
        self.validator, self.builder = LenientValidator(), ListingBuilder()
        self.thumbnailer, self.mark = StubThumbnailer(), MarkImage(SilentTelemetry())
        self.pages = ListingPages()
        self.breakers = InMemoryBreakerStore()
        self.watcher_places = InMemoryWatcherPlaces()
        self.webhooks, self.deliveries = InMemoryWebhooks(), InMemoryDeliveryStore()

    def _add_dispatch(self, workers: int) -> None:
        self.submit_batch = SubmitBatch(
            self.records, self.media, self.dispatch, timedelta(days=7), self.accounts
        )
        self.open_folders = OpenFolders(
            getattr(self.store, "library", None) or InMemoryLibraryStore()
        )
        self.dispatch_items = DispatchItems(
            self.records, self.media, self.queue, self.finalizer, self.open_folders, workers
        )
        self.repair_stalled_batches = RepairStalledBatches(
            self.records,
            self.dispatch,
            self.dispatch_items,
            self.queue,
            self.finalizer,
            self.telemetry,
            timedelta(minutes=15),
        )

    def _add_worker(self, workers: int, time_limit: timedelta) -> None:
        gateway = ProviderGateway(
            {"scripted": self.provider}, self.media, PollSchedule(workers), self.telemetry
        )
        collect = CollectImage(
            gateway, self.validator, self.thumbnailer, self.mark, self.media, self.clock
        )
        breakers = CircuitBreakers(
            self.breakers, self.clock, self.telemetry, STANDARD_POLICY.open_for
        )
        perform = PerformEffect(gateway, collect, self.clock, breakers, self.ledger)
        self.process_item = ProcessItem(
            self.records, self.queue, self.finalizer, perform, self.telemetry, time_limit, workers
        )
        self.process_dead_letter = replace(self.process_item, may_create=False)

    def _add_rounds(self) -> None:
        choose_models = ChooseRoundModels(usable(a_registry(MODEL, OTHER_MODEL), "scripted"))
        find = FindItems(self.store, self.media)
        self.cancel_batch = CancelBatch(self.records, self.finalizer)
        self.retry = RetryBatch(self.records, self.dispatch, self.finalizer, choose_models)
        self.redo = RedoItems(self.records, find, self.dispatch, self.finalizer, choose_models)
        self.choose = ChooseVersion(self.records, find, self.media)
        self.rebuild = RebuildArchive(self.records, self.finalizer)
        hold_place = HoldPlace(self.watcher_places, self.clock, limit=2)
        self.watch = WatchBatch(self.records, hold_place)

    def _add_webhooks(self) -> None:
        send = SendWebhook(self.records, self.webhooks, self.deliveries)
        self.notify_owner = NotifyOwner(self.records, send, self.deliveries, self.telemetry)
        self.replay_webhook = ReplayWebhook(self.records, send, self.deliveries)

    def _add_finalizer(self) -> None:
        self.finalize = FinalizeBatch(
            self.records,
            self.media,
            self.builder,
            archive_texts,
            PublishToOutbox(self.store, self.media, lambda b: b.status.encode()),
            lambda b: notice_of(b, webhook_body),
            lambda b: None if b.available_archive(self.clock.now()) is None else "https://zip",
            self.telemetry,
            timedelta(hours=6),
            self.pages,
        )

    # --- what users and AWS do ------------------------------------------------------------------

    def submit(
        self,
        size: int = 3,
        batch_id: str = "b1",
        items: tuple[ItemSpec, ...] = (),
        models: tuple[ImageModel, ...] = (MODEL,),
        **facts: Any,
    ) -> Batch:
        """A batch of `size` items whose prompts are "0", "1" and so on, or of these."""
        items = items or tuple(map(a_row, range(size)))
        submission = Submission(
            owner=OWNER,
            plan=BatchManifest(Kind.CARS, ("make",), items),
            models=models,
            mode=facts.pop("mode", Mode.LIVE),
            source=b"make\n",
            source_type="text/csv",
            **facts,
        )
        return self.submit_batch(submission, batch_id)

    def start(self, size: int = 3, **facts: Any) -> Batch:
        self.submit(size, **facts)
        self.dispatch_items(OWNER, "b1", 1)
        return self.batch

    def deliver(self, message: ItemMessage | None = None, seconds: float = 60) -> RetryLater | None:
        """One delivery, of the next message by default, with so much time left."""
        wanted = message or self.queue.pop()
        assert wanted is not None, "there is no message to deliver"
        return self.process_item(wanted, self.clock.now() + timedelta(seconds=seconds))

    def dead_letter(self, message: ItemMessage, seconds: float = 60) -> RetryLater | None:
        return self.process_dead_letter(message, self.clock.now() + timedelta(seconds=seconds))

    def drain(self) -> None:
        """Delivers until the queue is empty, each message when its delay is over."""
        while self.queue.waiting:
            self.clock.advance(self.queue.waiting[0].delay)
            assert self.deliver() is None

    def finish(self, batch_id: str = "b1") -> Batch:
        """Runs the finalizer of the current round up to its wait."""
        found = self.records.batch(OWNER, batch_id)
        finalizer_run = FinalizerRun(OWNER, batch_id, found.round, found.state.attempt)
        while not (built := self.finalize.build(finalizer_run))["done"]:
            pass
        published = self.finalize.publish(finalizer_run, built.get("archive"))
        self.notify_owner.deliver(OWNER, finalizer_run.batch_id, published["notice"])
        return self.records.batch(OWNER, batch_id)

    def run(self, size: int = 3, **facts: Any) -> Batch:
        self.start(size, **facts)
        self.drain()
        return self.finish()

    def retry_batch(self, owner: str, batch_id: str, request: str = "") -> Batch:
        """As one request, or as a new one each time."""
        return self.retry(owner, batch_id, request or self.random.new_id())

    def redo_items(self, *items: str, request: str = "", **wanted: Any) -> Batch:
        """Opens and dispatches the round; its items are named as `submit` names them."""
        asked = RedoRequest(items=items, **wanted)
        batch = self.redo(OWNER, "b1", request or self.random.new_id(), asked)
        self.dispatch_items(OWNER, "b1", batch.round)
        return self.batch

    # --- what is recorded -----------------------------------------------------------------------

    @property
    def batch(self) -> Batch:
        found = self.store.get(OWNER, "b1")
        assert found is not None
        return found

    @property
    def finalizer_run(self) -> FinalizerRun:
        return FinalizerRun(OWNER, "b1", self.batch.round, self.batch.state.attempt)

    def item(self, index: int) -> Item:
        found = self.store.get_item(OWNER, "b1", index)
        assert found is not None
        return found

    @property
    def statuses(self) -> str:
        """One letter an item: p(ending), r(unning), s(ucceeded), f(ailed), c(ancelled)."""
        letters = {
            ItemStatus.PENDING: "p",
            ItemStatus.PROCESSING: "r",
            ItemStatus.SUCCEEDED: "s",
            ItemStatus.FAILED: "f",
            ItemStatus.CANCELLED: "c",
        }
        batch = self.batch
        items = list(self.store.items(OWNER, "b1"))
        shown = [effective_item_status(batch, item) for item in items]
        for status in ItemStatus:
            assert shown.count(status) == getattr(batch.counts, status), (batch.counts, shown)
        assert batch.money.committed == sum((i.state.reserved + i.cost for i in items), Decimal(0))
        assert batch.money.actual == sum((i.cost for i in items), Decimal(0))
        return "".join(letters[status] for status in shown)
