"""The checks of the stack and of its providers, for operators."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from imagebatch.compose.models import Models
from imagebatch.compose.providers import Providers

if TYPE_CHECKING:
    from imagebatch.adapters.providers.lookups import ProviderCatalog
    from imagebatch.ports.provider_account import ProviderAccount
    from imagebatch.usecases.check_models import CheckModels
    from imagebatch.usecases.diagnose_stack import DiagnoseStack

PUBLIC_RUNPOD_ENDPOINT = "black-forest-labs-flux-1-schnell"
"""The RunPod endpoint whose health is checked if the stack has none of its own."""


class Diagnosis(Models, Providers):
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
            self._provider_accounts(),
            self.refusals,
            AwsStackFacts(self.clients, settings),
            self.clock,
            workers=settings.worker_concurrency,
            reserved=settings.reserved_concurrency + settings.progress_concurrency,
            more=[DiagnoseModels(self.usable_models, settings.default_model, self.clock)],
        )

    @cached_property
    def check_models(self) -> "CheckModels":
        from imagebatch.adapters.dynamodb.templates import DynamoDBTemplateStore
        from imagebatch.adapters.providers.lookups import HttpModelLookup
        from imagebatch.usecases.check_models import CheckModels

        return CheckModels(
            self.usable_models,
            self.settings.default_model,
            HttpModelLookup(self._catalogs()),
            self.model_checks,
            DynamoDBTemplateStore(*self.table, report=self.telemetry.unreadable),
            self.store,
            self.clock,
            self.telemetry,
        )

    def _provider_accounts(self) -> "Mapping[str, ProviderAccount]":
        """For the providers that have a key."""
        from imagebatch.adapters.providers import accounts

        settings = self.settings
        found: dict[str, ProviderAccount] = {}
        if arn := settings.replicate_secret_arn:
            key = self.secret(arn)
            found["replicate"] = accounts.replicate_account(key, settings.replicate_base_url)
        if arn := settings.runpod_secret_arn:
            key, endpoint = self.secret(arn), settings.runpod_endpoint_id or PUBLIC_RUNPOD_ENDPOINT
            found["runpod"] = accounts.runpod_account(key, endpoint, settings.runpod_base_url)
        if arn := settings.fal_secret_arn:
            found["fal"] = accounts.fal_account(self.secret(arn), settings.fal_base_url)
        return found

    def _catalogs(self) -> "Mapping[str, ProviderCatalog]":
        """For the providers that have a key."""
        from imagebatch.adapters.providers import lookups

        settings = self.settings
        found = {}
        if arn := settings.replicate_secret_arn:
            key = self.secret(arn)
            found["replicate"] = lookups.replicate_catalog(key, settings.replicate_base_url)
        if arn := settings.runpod_secret_arn:
            key, endpoint = self.secret(arn), settings.runpod_endpoint_id
            found["runpod"] = lookups.runpod_catalog(key, endpoint, settings.runpod_base_url)
        if arn := settings.fal_secret_arn:
            found["fal"] = lookups.fal_catalog(self.secret(arn), settings.fal_base_url)
        return found
