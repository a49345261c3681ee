"""Settings to wired use cases: the one file that knows every class.

Everything is made when it is first asked for, so a function pays at its start for what it uses
only.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from imagebatch.adapters.aws import Clients
from imagebatch.adapters.system import SystemClock, SystemRandomness
from imagebatch.domain.batch import Batch
from imagebatch.domain.errors import RequestError
from imagebatch.domain.model_checks import current_checks, gone_models
from imagebatch.domain.model_choice import UsableModels
from imagebatch.domain.model_entries import parse_registry
from imagebatch.domain.model_registry import ModelRegistry
from imagebatch.observability import PowertoolsTelemetry
from imagebatch.ports import (
    AccountStore,
    BatchStore,
    CatalogStore,
    DispatchQueue,
    Finalizer,
    ImageProvider,
    ItemQueue,
    LibraryStore,
    ObjectStore,
    UploadStore,
    Webhooks,
)
from imagebatch.settings import Settings
from imagebatch.usecases.records import BatchRepository

if TYPE_CHECKING:
    from imagebatch.adapters.arrivals import ArrivalProcessor
    from imagebatch.adapters.dynamodb.refusals import DynamoDBRefusalLog
    from imagebatch.adapters.providers.lookups import ProviderCatalog
    from imagebatch.adapters.secrets import SecretReader
    from imagebatch.adapters.sqs_records import SQSRecordProcessor
    from imagebatch.intake.settings_schema import SettingsSchema
    from imagebatch.intake.templates import Template
    from imagebatch.ports.deletion import DeletionStore
    from imagebatch.ports.deliveries import DeliveryStore
    from imagebatch.ports.diagnosis import ProviderAccount
    from imagebatch.ports.erasure import AbandonedArrivals, ErasureStore
    from imagebatch.ports.model_checks import ModelCheckStore
    from imagebatch.ports.shares import ShareStore
    from imagebatch.ports.signing import Signer
    from imagebatch.usecases.budgets import ReadBudget, RepairAccounts
    from imagebatch.usecases.cancel_batch import CancelBatch
    from imagebatch.usecases.catalog import ImportVariants, ListVariants
    from imagebatch.usecases.check_models import CheckModels
    from imagebatch.usecases.choose_version import ChooseVersion
    from imagebatch.usecases.collect_image import CollectImage, ProviderGateway
    from imagebatch.usecases.delete_assets import (
        CheckNotInUse,
        DeleteImage,
        DeleteUpload,
        DeleteVariant,
    )
    from imagebatch.usecases.delete_batch import (
        DeleteBatch,
        FinishDeletions,
        OutboxNames,
        RemoveBatch,
    )
    from imagebatch.usecases.diagnose_stack import DiagnoseStack
    from imagebatch.usecases.dispatch_items import DispatchItems
    from imagebatch.usecases.drop_folder import SubmitDroppedSheet
    from imagebatch.usecases.erase_owner import Erasures, RunErasures
    from imagebatch.usecases.finalize_batch import FinalizeBatch
    from imagebatch.usecases.find_items import FindItems
    from imagebatch.usecases.folders import ListFolders, OpenFolders, ReadFolder
    from imagebatch.usecases.idempotency import IdempotentExecutor
    from imagebatch.usecases.image_candidates import ImageCandidates
    from imagebatch.usecases.notify_owner import NotifyOwner, ReplayWebhook, SendWebhook
    from imagebatch.usecases.plan_car_batch import PlanCarBatch
    from imagebatch.usecases.plan_prompt_batch import PlanPromptBatch
    from imagebatch.usecases.plan_sheet_batch import PlanSheetBatch
    from imagebatch.usecases.plan_variant_batch import PlanVariantBatch
    from imagebatch.usecases.process_item.perform import PerformEffect
    from imagebatch.usecases.publish_events import PublishEvents
    from imagebatch.usecases.quotes import Quotes
    from imagebatch.usecases.read_input import ReadInput
    from imagebatch.usecases.rebuild_archive import RebuildArchive
    from imagebatch.usecases.redo_items import RedoItems
    from imagebatch.usecases.rename_batch import RenameBatch
    from imagebatch.usecases.repair_stalled_batches import RepairStalledBatches
    from imagebatch.usecases.retry_batch import RetryBatch
    from imagebatch.usecases.shares import ManageShares, OpenShare
    from imagebatch.usecases.submit_batch import SubmitBatch
    from imagebatch.usecases.templates import ManageTemplates
    from imagebatch.usecases.uploads import CheckUpload, CreateUpload, ReadSheet
    from imagebatch.usecases.watch_batch import WatchBatch

PUBLIC_RUNPOD_ENDPOINT = "black-forest-labs-flux-1-schnell"
"""Asked for its health where the stack has no endpoint of its own."""
DOWNLOAD_SECONDS = 15.0
"""Two downloads fit into a worker's invocation, which a later delivery repeats."""


class Bootstrap:
    def __init__(self, settings: Settings, clients: Clients | None = None) -> None:
        self.settings = settings
        self.clients = clients or Clients()
        self.clock = SystemClock()
        self.random = SystemRandomness()
        self.telemetry = PowertoolsTelemetry()

    # --- what the use cases need from outside ----------------------------------------------------

    @cached_property
    def store(self) -> BatchStore:
        from imagebatch.adapters.dynamodb.batches import DynamoDBBatchStore

        return DynamoDBBatchStore(
            self.clients.dynamodb, self.settings.table_name, report=self.telemetry.unreadable
        )

    @cached_property
    def media(self) -> ObjectStore:
        from imagebatch.adapters.s3 import S3ObjectStore

        return S3ObjectStore(self.clients.s3, self.settings.bucket_name)

    @cached_property
    def uploads(self) -> UploadStore:
        from imagebatch.adapters.dynamodb.uploads import DynamoDBUploadStore

        return DynamoDBUploadStore(
            self.clients.dynamodb, self.settings.table_name, report=self.telemetry.unreadable
        )

    @cached_property
    def catalog(self) -> CatalogStore:
        from imagebatch.adapters.dynamodb.catalog import DynamoDBCatalogStore

        return DynamoDBCatalogStore(
            self.clients.dynamodb, self.settings.table_name, report=self.telemetry.unreadable
        )

    @cached_property
    def library(self) -> LibraryStore:
        from imagebatch.adapters.dynamodb.library import DynamoDBLibraryStore

        return DynamoDBLibraryStore(
            self.clients.dynamodb, self.settings.table_name, report=self.telemetry.unreadable
        )

    @cached_property
    def records(self) -> BatchRepository:
        return BatchRepository(self.store, self.clock, self.random, self.settings.limits)

    @cached_property
    def accounts(self) -> AccountStore:
        from imagebatch.adapters.dynamodb.accounts import DynamoDBAccountStore

        return DynamoDBAccountStore(
            self.clients.dynamodb, self.settings.table_name, report=self.telemetry.unreadable
        )

    @cached_property
    def item_queue(self) -> ItemQueue:
        from imagebatch.adapters.sqs import SQSItemQueue

        return SQSItemQueue(self.clients.sqs, self.settings.item_queue_url)

    @cached_property
    def dispatch_queue(self) -> DispatchQueue:
        from imagebatch.adapters.sqs import SQSDispatchQueue

        return SQSDispatchQueue(self.clients.sqs, self.settings.dispatch_queue_url)

    @cached_property
    def finalizer(self) -> Finalizer:
        from imagebatch.adapters.stepfunctions import StepFunctionsFinalizer

        return StepFunctionsFinalizer(self.clients.stepfunctions, self.settings.state_machine_arn)

    @cached_property
    def registry(self) -> Callable[[], ModelRegistry]:
        from imagebatch.usecases.model_overlay import OverlaidRegistry

        built_in = parse_registry(_data("models.toml"))
        default = self.settings.default_model
        return OverlaidRegistry(built_in, default, self.media, self.clock, self.telemetry)

    def usable_models(self) -> UsableModels:
        registry, providers = self.registry(), self.settings.providers
        checks = current_checks(registry, self.model_checks.load()) if providers else {}
        return UsableModels(
            registry=registry,
            providers=providers,
            gone=gone_models(checks),
            checked={name: check.checked_at for name, check in checks.items()},
        )

    @cached_property
    def model_checks(self) -> "ModelCheckStore":
        from imagebatch.adapters.dynamodb.model_checks import DynamoDBModelCheckStore

        return DynamoDBModelCheckStore(
            self.clients.dynamodb, self.settings.table_name, report=self.telemetry.unreadable
        )

    @cached_property
    def check_models(self) -> "CheckModels":
        from imagebatch.adapters.dynamodb.templates import DynamoDBTemplateStore
        from imagebatch.adapters.providers.lookups import HttpModelLookup
        from imagebatch.usecases.check_models import CheckModels

        table = self.clients.dynamodb, self.settings.table_name
        return CheckModels(
            self.usable_models,
            self.settings.default_model,
            HttpModelLookup(self._catalogs()),
            self.model_checks,
            DynamoDBTemplateStore(*table, report=self.telemetry.unreadable),
            self.store,
            self.clock,
            self.telemetry,
        )

    def _catalogs(self) -> "Mapping[str, ProviderCatalog]":
        """Of the providers that have a key."""
        from imagebatch.adapters.providers import lookups

        settings = self.settings
        found = {}
        if arn := settings.replicate_secret_arn:
            key = self._secret(arn)
            found["replicate"] = lookups.replicate_catalog(key, settings.replicate_base_url)
        if arn := settings.runpod_secret_arn:
            key, endpoint = self._secret(arn), settings.runpod_endpoint_id
            found["runpod"] = lookups.runpod_catalog(key, endpoint, settings.runpod_base_url)
        if arn := settings.fal_secret_arn:
            found["fal"] = lookups.fal_catalog(self._secret(arn), settings.fal_base_url)
        return found

    @cached_property
    def templates(self) -> "Mapping[str, Template]":
        from imagebatch.intake.templates import Template

        return {name: Template(_data(f"prompts/car.{name}.txt")) for name in ("white", "hub")}

    @cached_property
    def schemas(self) -> "Mapping[str, SettingsSchema]":
        """The settings schemas by key: every file of data/schemas is one."""
        from imagebatch.intake.settings_schema import parse_schema

        found = sorted((files("imagebatch.data") / "schemas").iterdir(), key=lambda f: f.name)
        schemas = [parse_schema(f.read_text("utf-8")) for f in found if f.name.endswith(".json")]
        return {schema.key: schema for schema in schemas}

    @cached_property
    def providers(self) -> Mapping[str, ImageProvider]:
        return _Lazily(
            {
                "development": self._development,
                "replicate": self._replicate,
                "runpod": self._runpod,
                "fal": self._fal,
            }
        )

    def _development(self) -> ImageProvider:
        from imagebatch.adapters.providers.development import DevelopmentProvider

        return DevelopmentProvider(self.clock, self.settings.dev_latency)

    def _replicate(self) -> ImageProvider:
        from imagebatch.adapters.providers.replicate import ReplicateProvider

        token = self._secret(self.settings.replicate_secret_arn)
        provider = ReplicateProvider(
            token, self.settings.replicate_base_url, download_seconds=DOWNLOAD_SECONDS
        )
        return self._noting("replicate", provider)

    def _runpod(self) -> ImageProvider:
        from imagebatch.adapters.providers.runpod import RunpodProvider

        settings = self.settings
        key = self._secret(settings.runpod_secret_arn)
        provider = RunpodProvider(
            key,
            settings.runpod_endpoint_id,
            settings.runpod_base_url,
            output_hosts=settings.runpod_output_hosts,
            download_seconds=DOWNLOAD_SECONDS,
        )
        return self._noting("runpod", provider)

    def _fal(self) -> ImageProvider:
        from imagebatch.adapters.providers.fal import FalProvider

        key = self._secret(self.settings.fal_secret_arn)
        provider = FalProvider(key, self.settings.fal_base_url, download_seconds=DOWNLOAD_SECONDS)
        return self._noting("fal", provider)

    def _noting(self, name: str, provider: ImageProvider) -> ImageProvider:
        from imagebatch.adapters.providers.noting import NotingProvider

        return NotingProvider(name, provider, self._refusals, self.clock)

    @cached_property
    def _refusals(self) -> "DynamoDBRefusalLog":
        from imagebatch.adapters.dynamodb.refusals import DynamoDBRefusalLog

        return DynamoDBRefusalLog(
            self.clients.dynamodb, self.settings.table_name, report=self.telemetry.unreadable
        )

    def _secret(self, arn: str) -> "SecretReader":
        from imagebatch.adapters.secrets import SecretReader

        return SecretReader(arn, lambda: self.clients.secretsmanager)

    # --- taking batches in -----------------------------------------------------------------------

    @cached_property
    def execute_once(self) -> "IdempotentExecutor":
        from imagebatch.adapters.dynamodb.idempotency import DynamoDBIdempotencyStore
        from imagebatch.usecases.idempotency import IdempotentExecutor

        keys = DynamoDBIdempotencyStore(self.clients.dynamodb, self.settings.table_name)
        return IdempotentExecutor(keys, self.clock, self.random)

    @cached_property
    def submit(self) -> "SubmitBatch":
        from imagebatch.usecases.submit_batch import SubmitBatch

        return SubmitBatch(
            self.records,
            self.media,
            self.dispatch_queue,
            self.settings.retention,
            self.accounts,
        )

    @cached_property
    def signer(self) -> "Signer":
        """What the stack signs quotes with, and other tokens of its own."""
        from imagebatch.adapters.secrets import SecretReader
        from imagebatch.adapters.signing import StackSigner

        arn = self.settings.signing_secret_arn
        return StackSigner(
            SecretReader(arn, lambda: self.clients.secretsmanager, holds="signing secret")
        )

    @cached_property
    def quotes(self) -> "Quotes":
        from imagebatch.usecases.quotes import Quotes

        return Quotes(self.signer, self.clock)

    @cached_property
    def plan_car_batch(self) -> "PlanCarBatch":
        from imagebatch.usecases.plan_car_batch import PlanCarBatch

        return PlanCarBatch(self.plan_sheet_batch)

    @cached_property
    def plan_sheet_batch(self) -> "PlanSheetBatch":
        from imagebatch.usecases.plan_sheet_batch import PlanSheetBatch

        return PlanSheetBatch(
            self.usable_models, self.templates, self.uploads, self.settings.max_rows
        )

    @cached_property
    def manage_templates(self) -> "ManageTemplates":
        from imagebatch.adapters.dynamodb.templates import DynamoDBTemplateStore
        from imagebatch.intake.sheet_templates import BUILT_IN, SheetTemplate
        from imagebatch.usecases.templates import ManageTemplates

        store = DynamoDBTemplateStore(
            self.clients.dynamodb, self.settings.table_name, report=self.telemetry.unreadable
        )
        texts = {name: _data(f"prompts/{name.replace('-', '.')}.txt") for name in BUILT_IN}
        built_in = {name: SheetTemplate(name=name, prompt=texts[name].strip()) for name in BUILT_IN}
        return ManageTemplates(store, self.clock, built_in)

    @cached_property
    def plan_prompt_batch(self) -> "PlanPromptBatch":
        from imagebatch.usecases.plan_prompt_batch import PlanPromptBatch

        return PlanPromptBatch(self.usable_models, self.uploads, self.settings.max_rows)

    @cached_property
    def plan_variant_batch(self) -> "PlanVariantBatch":
        from imagebatch.usecases.plan_variant_batch import PlanVariantBatch
        from imagebatch.usecases.references import References

        return PlanVariantBatch(
            self.usable_models,
            self.schemas,
            self.catalog,
            References(self.media, self.uploads, self.library, self.store),
        )

    @cached_property
    def submit_dropped_sheet(self) -> "SubmitDroppedSheet":
        from imagebatch.usecases.drop_folder import SubmitDroppedSheet

        return SubmitDroppedSheet(
            self.plan_sheet_batch,
            self.manage_templates,
            self.submit,
            self.execute_once,
            self.media,
            self.telemetry,
            _problem_bytes,
            self.settings.drop_folder_owner,
            self.clock,
            self._drop_defaults(),
            self.erasure_store.is_running,
        )

    def _drop_defaults(self) -> Mapping[str, str]:
        """Options of dropped sheets that say nothing of them."""
        settings = self.settings
        return {
            "maxCost": settings.drop_folder_max_cost,
            "quality": settings.drop_folder_quality,
            "fallback": settings.drop_folder_fallback,
            "encoding": settings.drop_folder_encoding,
        }

    @cached_property
    def arrivals(self) -> "ArrivalProcessor":
        from imagebatch.adapters.arrivals import ArrivalProcessor

        url = self.settings.intake_queue_url
        return ArrivalProcessor(self.clients.sqs, url, self.clock, self.telemetry)

    @cached_property
    def create_upload(self) -> "CreateUpload":
        from imagebatch.usecases.uploads import CreateUpload

        return CreateUpload(self.uploads, self.media, self.clock)

    @cached_property
    def check_upload(self) -> "CheckUpload":
        from imagebatch.usecases.uploads import CheckUpload

        return CheckUpload(self.uploads, self.media, self.telemetry)

    @cached_property
    def read_sheet(self) -> "ReadSheet":
        from imagebatch.usecases.uploads import ReadSheet

        return ReadSheet(self.uploads, self.media)

    @cached_property
    def read_input(self) -> "ReadInput":
        from imagebatch.usecases.read_input import ReadInput

        return ReadInput(self.records, self.media)

    # --- the catalog and the library -------------------------------------------------------------

    @cached_property
    def import_variants(self) -> "ImportVariants":
        from imagebatch.usecases.catalog import ImportVariants

        return ImportVariants(self.catalog)

    @cached_property
    def list_variants(self) -> "ListVariants":
        from imagebatch.usecases.catalog import ListVariants

        return ListVariants(self.catalog)

    @cached_property
    def image_candidates(self) -> "ImageCandidates":
        from imagebatch.usecases.image_candidates import ImageCandidates

        return ImageCandidates(self.catalog, self.library, self.uploads)

    @cached_property
    def open_folders(self) -> "OpenFolders":
        from imagebatch.usecases.folders import OpenFolders

        return OpenFolders(self.library)

    @cached_property
    def list_folders(self) -> "ListFolders":
        from imagebatch.usecases.folders import ListFolders

        return ListFolders(self.library, self.catalog)

    @cached_property
    def read_folder(self) -> "ReadFolder":
        from imagebatch.usecases.folders import ReadFolder

        return ReadFolder(self.library, self.store)

    # --- running them ----------------------------------------------------------------------------

    @cached_property
    def dispatch_items(self) -> "DispatchItems":
        from imagebatch.usecases.dispatch_items import DispatchItems

        return DispatchItems(
            self.records,
            self.media,
            self.item_queue,
            self.finalizer,
            self.open_folders,
            self.settings.worker_concurrency,
        )

    @cached_property
    def gateway(self) -> "ProviderGateway":
        from imagebatch.usecases.collect_image import ProviderGateway
        from imagebatch.usecases.poll_schedule import PollSchedule

        return ProviderGateway(self.providers, self.media, PollSchedule(), self.telemetry)

    @cached_property
    def collect_image(self) -> "CollectImage":
        from imagebatch.adapters.images import PillowValidator
        from imagebatch.adapters.thumbnails import PillowThumbnailer
        from imagebatch.usecases.collect_image import CollectImage
        from imagebatch.usecases.mark_image import MarkImage

        mark = MarkImage(self.telemetry, self.settings.mark_images, self.settings.mark_prompts)
        return CollectImage(
            self.gateway, PillowValidator(), PillowThumbnailer(), mark, self.media, self.clock
        )

    @cached_property
    def item_records(self) -> "SQSRecordProcessor":
        """The worker's: makes each item."""
        return self._record_processor(self.settings.item_queue_url, is_dlq_consumer=False)

    @cached_property
    def dead_letter_records(self) -> "SQSRecordProcessor":
        """The dead-letter function's: settles each item."""
        return self._record_processor(self.settings.dead_letter_queue_url, is_dlq_consumer=True)

    def _record_processor(self, url: str, *, is_dlq_consumer: bool) -> "SQSRecordProcessor":
        from imagebatch.adapters.sqs_records import SQSRecordProcessor
        from imagebatch.usecases.process_item.run import ProcessItem

        process_item = ProcessItem(
            self.records,
            self.item_queue,
            self.finalizer,
            self.perform_effect(),
            self.telemetry,
            self.settings.item_deadline,
            self.settings.worker_concurrency,
            may_create=not is_dlq_consumer,
            policy=self.settings.outage_policy,
        )
        return SQSRecordProcessor(
            self.clients.sqs,
            url,
            self.clock,
            self.telemetry,
            process_item,
            is_dlq_consumer=is_dlq_consumer,
        )

    def perform_effect(self) -> "PerformEffect":
        from imagebatch.adapters.dynamodb.outages import (
            DynamoDBBreakerStore,
            DynamoDBPredictionLedger,
        )
        from imagebatch.usecases.circuit_breakers import CircuitBreakers
        from imagebatch.usecases.process_item.perform import PerformEffect

        table = self.clients.dynamodb, self.settings.table_name
        open_for = self.settings.outage_policy.open_for
        breakers = CircuitBreakers(
            DynamoDBBreakerStore(*table, report=self.telemetry.unreadable),
            self.clock,
            self.telemetry,
            open_for,
        )
        ledger = DynamoDBPredictionLedger(*table)
        return PerformEffect(self.gateway, self.collect_image, self.clock, breakers, ledger)

    @cached_property
    def repair_stalled_batches(self) -> "RepairStalledBatches":
        from datetime import timedelta

        from imagebatch.usecases.repair_stalled_batches import RepairStalledBatches

        return RepairStalledBatches(
            self.records,
            self.dispatch_queue,
            self.dispatch_items,
            self.item_queue,
            self.finalizer,
            self.telemetry,
            timedelta(seconds=self.settings.sweep_after_seconds),
        )

    # --- ending them -----------------------------------------------------------------------------

    @cached_property
    def cancel(self) -> "CancelBatch":
        from imagebatch.usecases.cancel_batch import CancelBatch

        return CancelBatch(self.records, self.finalizer)

    @cached_property
    def deletions(self) -> "DeletionStore":
        from imagebatch.adapters.dynamodb.deletions import DynamoDBDeletionStore

        return DynamoDBDeletionStore(
            self.clients.dynamodb, self.settings.table_name, report=self.telemetry.unreadable
        )

    @cached_property
    def remove_batch(self) -> "RemoveBatch":
        from imagebatch.usecases.delete_batch import RemoveBatch

        return RemoveBatch(self.deletions, self.media, self.finalizer, self.outbox_names)

    @cached_property
    def outbox_names(self) -> "OutboxNames":
        from imagebatch.usecases.delete_batch import OutboxNames

        return OutboxNames(self.deletions)

    @cached_property
    def check_not_in_use(self) -> "CheckNotInUse":
        from imagebatch.usecases.delete_assets import CheckNotInUse

        return CheckNotInUse(self.records, self.media)

    @cached_property
    def delete_upload(self) -> "DeleteUpload":
        from imagebatch.usecases.delete_assets import DeleteUpload

        return DeleteUpload(self.uploads, self.media, self.check_not_in_use)

    @cached_property
    def delete_variant(self) -> "DeleteVariant":
        from imagebatch.usecases.delete_assets import DeleteVariant

        return DeleteVariant(self.catalog)

    @cached_property
    def delete_image(self) -> "DeleteImage":
        from imagebatch.usecases.delete_assets import DeleteImage

        return DeleteImage(
            self.records, self.library, self.media, self.check_not_in_use, self.outbox_names
        )

    @cached_property
    def delete_batch(self) -> "DeleteBatch":
        from imagebatch.usecases.delete_batch import DeleteBatch

        return DeleteBatch(self.records, self.deletions, self.remove_batch)

    @cached_property
    def read_budget(self) -> "ReadBudget":
        from imagebatch.domain.model_registry import Mode
        from imagebatch.usecases.budgets import ReadBudget

        mode = Mode.LIVE if self.settings.providers else Mode.DEVELOPMENT
        return ReadBudget(self.accounts, self.clock, self.settings.limits, mode)

    @cached_property
    def repair_accounts(self) -> "RepairAccounts":
        from imagebatch.usecases.budgets import RepairAccounts

        return RepairAccounts(self.records, self.accounts, self.telemetry)

    @cached_property
    def erasure_store(self) -> "ErasureStore":
        from imagebatch.adapters.dynamodb.erasures import DynamoDBErasureStore

        settings = self.settings
        return DynamoDBErasureStore(
            self.clients.dynamodb,
            settings.table_name,
            default_owner=settings.drop_folder_owner,
            report=self.telemetry.unreadable,
        )

    @cached_property
    def erasures(self) -> "Erasures":
        from imagebatch.usecases.erase_owner import Erasures

        return Erasures(self.records, self.erasure_store)

    @cached_property
    def abandoned_arrivals(self) -> "AbandonedArrivals":
        from imagebatch.adapters.abandoned_arrivals import SQSAbandonedArrivals

        url = self.settings.intake_dead_letter_queue_url
        return SQSAbandonedArrivals(self.clients.sqs, url)

    @cached_property
    def run_erasures(self) -> "RunErasures":
        from imagebatch.usecases.erase_owner import RunErasures

        return RunErasures(
            self.records,
            self.erasure_store,
            self.deletions,
            self.media,
            self.abandoned_arrivals,
            self.cancel,
            self.delete_batch,
            self.settings.drop_folder_owner,
        )

    @cached_property
    def finish_deletions(self) -> "FinishDeletions":
        from imagebatch.usecases.delete_batch import FinishDeletions

        return FinishDeletions(self.records, self.deletions, self.remove_batch)

    @cached_property
    def retry(self) -> "RetryBatch":
        from imagebatch.usecases.retry_batch import RetryBatch
        from imagebatch.usecases.round_models import ChooseRoundModels

        choose_models = ChooseRoundModels(self.usable_models)
        return RetryBatch(self.records, self.dispatch_queue, self.finalizer, choose_models)

    @cached_property
    def choose_version(self) -> "ChooseVersion":
        from imagebatch.usecases.choose_version import ChooseVersion

        return ChooseVersion(self.records, self.find_items, self.media)

    @cached_property
    def rebuild_archive(self) -> "RebuildArchive":
        from imagebatch.usecases.rebuild_archive import RebuildArchive

        return RebuildArchive(self.records, self.finalizer)

    @cached_property
    def _shares(self) -> "ShareStore":
        from imagebatch.adapters.dynamodb.shares import DynamoDBShareStore

        return DynamoDBShareStore(
            self.clients.dynamodb, self.settings.table_name, report=self.telemetry.unreadable
        )

    @cached_property
    def shares(self) -> "ManageShares":
        from imagebatch.usecases.shares import ManageShares

        return ManageShares(self.records, self._shares, self.signer)

    @cached_property
    def open_share(self) -> "OpenShare":
        from imagebatch.usecases.shares import OpenShare

        return OpenShare(self.records, self._shares)

    @cached_property
    def rename_batch(self) -> "RenameBatch":
        from imagebatch.usecases.rename_batch import RenameBatch

        return RenameBatch(self.records, self.library)

    @cached_property
    def find_items(self) -> "FindItems":
        from imagebatch.usecases.find_items import FindItems

        return FindItems(self.store, self.media)

    @cached_property
    def redo(self) -> "RedoItems":
        from imagebatch.usecases.redo_items import RedoItems
        from imagebatch.usecases.round_models import ChooseRoundModels

        choose_models = ChooseRoundModels(self.usable_models)
        return RedoItems(
            self.records, self.find_items, self.dispatch_queue, self.finalizer, choose_models
        )

    @cached_property
    def finalize_batch(self) -> "FinalizeBatch":
        from imagebatch.adapters.archive import S3ArchiveBuilder
        from imagebatch.adapters.pdf_pages import S3PagesBuilder
        from imagebatch.reports.archive_texts import archive_texts
        from imagebatch.usecases.drop_folder import PublishToOutbox
        from imagebatch.usecases.finalize_batch import FinalizeBatch

        return FinalizeBatch(
            self.records,
            self.media,
            S3ArchiveBuilder(self.clients.s3, self.settings.bucket_name),
            archive_texts,
            PublishToOutbox(self.store, self.media, self._status_bytes),
            self._notice,
            self._archive_url,
            self.telemetry,
            self.settings.archive_ttl,
            S3PagesBuilder(self.clients.s3, self.settings.bucket_name, self.media),
        )

    @cached_property
    def publish_events(self) -> "PublishEvents":
        from imagebatch.adapters.dynamodb.change_feed import DynamoDBChangeFeed
        from imagebatch.adapters.eventbridge import EventBridgeBus
        from imagebatch.schemas.webhook import webhook_body
        from imagebatch.usecases.publish_events import PublishEvents

        table = self.clients.dynamodb, self.settings.table_name
        feed = DynamoDBChangeFeed(*table, report=self.telemetry.unreadable)
        bus = EventBridgeBus(self.clients.events, self.settings.event_bus_name)
        return PublishEvents(feed, bus, webhook_body)

    @cached_property
    def webhooks(self) -> Webhooks:
        from imagebatch.adapters.secrets import SecretReader
        from imagebatch.adapters.webhooks import StandardWebhooks

        settings = self.settings
        secret = SecretReader(
            settings.webhook_secret_arn,
            lambda: self.clients.secretsmanager,
            holds="key that webhooks are signed with",
        )
        return StandardWebhooks(secret, self.clock, development_origin=settings.dev_callback_origin)

    @cached_property
    def notify_owner(self) -> "NotifyOwner":
        from imagebatch.usecases.notify_owner import NotifyOwner

        return NotifyOwner(self.records, self.send_webhook, self.deliveries, self.telemetry)

    @cached_property
    def deliveries(self) -> "DeliveryStore":
        from imagebatch.adapters.dynamodb.deliveries import DynamoDBDeliveryStore

        return DynamoDBDeliveryStore(
            self.clients.dynamodb, self.settings.table_name, report=self.telemetry.unreadable
        )

    @cached_property
    def send_webhook(self) -> "SendWebhook":
        from imagebatch.usecases.notify_owner import SendWebhook

        return SendWebhook(self.records, self.webhooks, self.deliveries)

    @cached_property
    def replay_webhook(self) -> "ReplayWebhook":
        from imagebatch.usecases.notify_owner import ReplayWebhook

        return ReplayWebhook(self.records, self.send_webhook, self.deliveries)

    @cached_property
    def watch(self) -> "WatchBatch":
        from imagebatch.usecases.watch_batch import WatchBatch

        return WatchBatch(self.records)

    def sign(self, key: str, seconds: int, filename: str | None) -> str:
        return self.media.url(key, seconds=seconds, filename=filename)

    def queue_depth(self) -> dict[str, int]:
        from imagebatch.adapters.sqs import queue_depth

        settings = self.settings
        return queue_depth(
            self.clients.sqs, settings.item_queue_url, settings.dead_letter_queue_url
        )

    @cached_property
    def diagnose(self) -> "DiagnoseStack":
        from imagebatch.adapters.stack_facts import AwsStackFacts
        from imagebatch.usecases.diagnose_models import DiagnoseModels
        from imagebatch.usecases.diagnose_stack import DiagnoseStack

        settings = self.settings
        return DiagnoseStack(
            self._accounts(),
            self._refusals,
            AwsStackFacts(self.clients, settings),
            self.clock,
            workers=settings.worker_concurrency,
            reserved=settings.reserved_concurrency + settings.progress_concurrency,
            more=[DiagnoseModels(self.usable_models, settings.default_model, self.clock)],
        )

    def _accounts(self) -> "Mapping[str, ProviderAccount]":
        """Of the providers that have a key."""
        from imagebatch.adapters.providers.accounts import (
            fal_account,
            replicate_account,
            runpod_account,
        )

        settings = self.settings
        found = {}
        if arn := settings.replicate_secret_arn:
            found["replicate"] = replicate_account(self._secret(arn), settings.replicate_base_url)
        if arn := settings.runpod_secret_arn:
            endpoint = settings.runpod_endpoint_id or PUBLIC_RUNPOD_ENDPOINT
            key = self._secret(arn)
            found["runpod"] = runpod_account(key, endpoint, settings.runpod_base_url)
        if arn := settings.fal_secret_arn:
            found["fal"] = fal_account(self._secret(arn), settings.fal_base_url)
        return found

    def _notice(self, batch: Batch) -> dict[str, Any] | None:
        from imagebatch.schemas.webhook import webhook_body
        from imagebatch.usecases.notify_owner import notice_of

        return notice_of(batch, webhook_body)

    def _archive_url(self, batch: Batch) -> str | None:
        """For the execution's output, whose history keeps it: without the batch's name."""
        from imagebatch.schemas.links import download_name, url_seconds

        now = self.clock.now()
        archive = batch.available_archive(now)
        if archive is None:
            return None
        seconds = url_seconds(batch, now)
        nameless = download_name(replace(batch, name=""))
        return self.media.url(archive.key, seconds=seconds, filename=nameless)

    def _status_bytes(self, batch: Batch) -> bytes:
        """A batch's status as a file: without URLs, which would be dead when it is read."""
        from imagebatch.schemas.views import batch_view

        document = batch_view(batch, self.clock.now(), None).as_document()
        return json.dumps(document, ensure_ascii=False, indent=1).encode()


class _Lazily(dict[str, ImageProvider]):
    """Providers by name, each made when it is first asked for: their libraries are heavy."""

    def __init__(self, makers: Mapping[str, Callable[[], ImageProvider]]) -> None:
        super().__init__()
        self._makers = makers

    def __missing__(self, name: str) -> ImageProvider:
        self[name] = self._makers[name]()
        return self[name]


def _data(name: str) -> str:
    return (files("imagebatch.data") / name).read_text("utf-8")


def _problem_bytes(error: RequestError) -> bytes:
    from imagebatch.schemas.problem import problem

    return json.dumps(problem(error), ensure_ascii=False, indent=1).encode()
