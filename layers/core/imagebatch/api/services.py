"""The services that the routes call; `compose` builds them."""

from collections.abc import Mapping
from typing import Protocol

from imagebatch.domain.model_choice import UsableModels
from imagebatch.intake.settings_schema import SettingsSchema
from imagebatch.ports.clock import Clock
from imagebatch.ports.deliveries import DeliveryStore
from imagebatch.ports.library import LibraryStore
from imagebatch.ports.objects import ObjectStore
from imagebatch.ports.records import BatchStore
from imagebatch.ports.telemetry import Telemetry
from imagebatch.ports.uploads import UploadStore
from imagebatch.settings import Settings
from imagebatch.usecases.budgets import ReadBudget
from imagebatch.usecases.cancel_batch import CancelBatch
from imagebatch.usecases.catalog import ImportVariants, ListVariants
from imagebatch.usecases.check_models import CheckModels
from imagebatch.usecases.choose_version import ChooseVersion
from imagebatch.usecases.delete_assets import DeleteImage, DeleteUpload, DeleteVariant
from imagebatch.usecases.delete_batch import DeleteBatch
from imagebatch.usecases.diagnose_stack import DiagnoseStack
from imagebatch.usecases.erase_owner import Erasures
from imagebatch.usecases.find_items import FindItems
from imagebatch.usecases.folders import ListFolders, OpenFolders, ReadFolder
from imagebatch.usecases.idempotency import IdempotentExecutor
from imagebatch.usecases.image_candidates import ImageCandidates
from imagebatch.usecases.notify_owner import ReplayWebhook
from imagebatch.usecases.plan_car_batch import PlanCarBatch
from imagebatch.usecases.plan_prompt_batch import PlanPromptBatch
from imagebatch.usecases.plan_sheet_batch import PlanSheetBatch
from imagebatch.usecases.plan_variant_batch import PlanVariantBatch
from imagebatch.usecases.quotes import Quotes
from imagebatch.usecases.read_input import ReadInput
from imagebatch.usecases.rebuild_archive import RebuildArchive
from imagebatch.usecases.records import BatchRepository
from imagebatch.usecases.redo_items import RedoItems
from imagebatch.usecases.rename_batch import RenameBatch
from imagebatch.usecases.retry_batch import RetryBatch
from imagebatch.usecases.shares import ManageShares, OpenShare
from imagebatch.usecases.submit_batch import SubmitBatch
from imagebatch.usecases.templates import ManageTemplates
from imagebatch.usecases.uploads import CreateUpload, ReadSheet
from imagebatch.usecases.watch_batch import WatchBatch


class CommonServices(Protocol):
    @property
    def settings(self) -> Settings: ...

    @property
    def erasures(self) -> Erasures: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def telemetry(self) -> Telemetry: ...

    def sign(self, key: str, seconds: int, filename: str | None) -> str: ...


class ProgressServices(CommonServices, Protocol):
    @property
    def watch(self) -> WatchBatch: ...


class Services(ProgressServices, Protocol):
    @property
    def cancel(self) -> CancelBatch: ...

    @property
    def check_models(self) -> CheckModels: ...

    @property
    def choose_version(self) -> ChooseVersion: ...

    @property
    def create_upload(self) -> CreateUpload: ...

    @property
    def delete_batch(self) -> DeleteBatch: ...

    @property
    def delete_image(self) -> DeleteImage: ...

    @property
    def delete_upload(self) -> DeleteUpload: ...

    @property
    def delete_variant(self) -> DeleteVariant: ...

    @property
    def deliveries(self) -> DeliveryStore: ...

    @property
    def diagnose(self) -> DiagnoseStack: ...

    @property
    def execute_once(self) -> IdempotentExecutor: ...

    @property
    def find_items(self) -> FindItems: ...

    @property
    def image_candidates(self) -> ImageCandidates: ...

    @property
    def import_variants(self) -> ImportVariants: ...

    @property
    def library(self) -> LibraryStore: ...

    @property
    def list_folders(self) -> ListFolders: ...

    @property
    def list_variants(self) -> ListVariants: ...

    @property
    def manage_templates(self) -> ManageTemplates: ...

    @property
    def media(self) -> ObjectStore: ...

    @property
    def open_folders(self) -> OpenFolders: ...

    @property
    def open_share(self) -> OpenShare: ...

    @property
    def plan_car_batch(self) -> PlanCarBatch: ...

    @property
    def plan_prompt_batch(self) -> PlanPromptBatch: ...

    @property
    def plan_sheet_batch(self) -> PlanSheetBatch: ...

    @property
    def plan_variant_batch(self) -> PlanVariantBatch: ...

    @property
    def quotes(self) -> Quotes: ...

    @property
    def read_budget(self) -> ReadBudget: ...

    @property
    def read_folder(self) -> ReadFolder: ...

    @property
    def read_input(self) -> ReadInput: ...

    @property
    def read_sheet(self) -> ReadSheet: ...

    @property
    def rebuild_archive(self) -> RebuildArchive: ...

    @property
    def records(self) -> BatchRepository: ...

    @property
    def redo(self) -> RedoItems: ...

    @property
    def rename_batch(self) -> RenameBatch: ...

    @property
    def replay_webhook(self) -> ReplayWebhook: ...

    @property
    def retry(self) -> RetryBatch: ...

    @property
    def schemas(self) -> Mapping[str, SettingsSchema]: ...

    @property
    def shares(self) -> ManageShares: ...

    @property
    def store(self) -> BatchStore: ...

    @property
    def submit(self) -> SubmitBatch: ...

    @property
    def uploads(self) -> UploadStore: ...

    def queue_depth(self) -> dict[str, int]: ...

    def usable_models(self) -> UsableModels: ...
