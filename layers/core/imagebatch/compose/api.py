"""ApiFunction: the use cases that the routes call."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from imagebatch.compose.diagnosis import Diagnosis
from imagebatch.compose.dispatch import Dispatch
from imagebatch.compose.planning import Planning
from imagebatch.compose.progress import ProgressServices
from imagebatch.compose.review import Review
from imagebatch.compose.webhooks import WebhookDelivery
from imagebatch.data import json_texts
from imagebatch.domain.model_registry import Mode

if TYPE_CHECKING:
    from imagebatch.intake.settings_schema import SettingsSchema
    from imagebatch.usecases.budgets import ReadBudget
    from imagebatch.usecases.catalog import ImportVariants, ListVariants
    from imagebatch.usecases.folders import ListFolders, ReadFolder
    from imagebatch.usecases.image_candidates import ImageCandidates
    from imagebatch.usecases.notify_owner import ReplayWebhook
    from imagebatch.usecases.plan_car_batch import PlanCarBatch
    from imagebatch.usecases.plan_prompt_batch import PlanPromptBatch
    from imagebatch.usecases.plan_variant_batch import PlanVariantBatch
    from imagebatch.usecases.quotes import Quotes
    from imagebatch.usecases.read_input import ReadInput
    from imagebatch.usecases.uploads import CreateUpload, ReadSheet


class ApiServices(Planning, Review, Dispatch, Diagnosis, WebhookDelivery, ProgressServices):
    @cached_property
    def schemas(self) -> "Mapping[str, SettingsSchema]":
        """The settings schemas by key, one per file of data/schemas."""
        from imagebatch.intake.settings_schema import parse_schema

        schemas = [parse_schema(text) for text in json_texts("schemas")]
        return {schema.key: schema for schema in schemas}

    @cached_property
    def quotes(self) -> "Quotes":
        from imagebatch.usecases.quotes import Quotes

        return Quotes(self.signer, self.clock)

    @cached_property
    def plan_car_batch(self) -> "PlanCarBatch":
        from imagebatch.usecases.plan_car_batch import PlanCarBatch

        return PlanCarBatch(self.plan_sheet_batch)

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
    def create_upload(self) -> "CreateUpload":
        from imagebatch.usecases.uploads import CreateUpload

        return CreateUpload(self.uploads, self.media, self.clock)

    @cached_property
    def read_sheet(self) -> "ReadSheet":
        from imagebatch.usecases.uploads import ReadSheet

        return ReadSheet(self.uploads, self.media)

    @cached_property
    def read_input(self) -> "ReadInput":
        from imagebatch.usecases.read_input import ReadInput

        return ReadInput(self.records, self.media)

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
    def list_folders(self) -> "ListFolders":
        from imagebatch.usecases.folders import ListFolders

        return ListFolders(self.library, self.catalog)

    @cached_property
    def read_folder(self) -> "ReadFolder":
        from imagebatch.usecases.folders import ReadFolder

        return ReadFolder(self.library, self.store)

    @cached_property
    def read_budget(self) -> "ReadBudget":
        from imagebatch.usecases.budgets import ReadBudget

        mode = Mode.LIVE if self.settings.providers else Mode.DEVELOPMENT
        return ReadBudget(self.accounts, self.clock, self.settings.limits, mode)

    @cached_property
    def replay_webhook(self) -> "ReplayWebhook":
        from imagebatch.usecases.notify_owner import ReplayWebhook

        return ReplayWebhook(self.records, self.send_webhook, self.deliveries)
