"""The model registry, and the models that can be used now."""

from collections.abc import Callable
from functools import cached_property

from imagebatch.adapters.dynamodb.model_checks import DynamoDBModelCheckStore
from imagebatch.compose.storage import Storage
from imagebatch.compose.table import Table
from imagebatch.data import data_text
from imagebatch.domain.model_checks import current_checks, gone_models
from imagebatch.domain.model_choice import UsableModels
from imagebatch.domain.model_entries import parse_registry
from imagebatch.domain.model_registry import ModelRegistry
from imagebatch.ports.model_checks import ModelCheckStore
from imagebatch.usecases.model_overlay import OverlaidRegistry


class Models(Table, Storage):
    @cached_property
    def registry(self) -> Callable[[], ModelRegistry]:
        built_in = parse_registry(data_text("models.toml"))
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
    def model_checks(self) -> ModelCheckStore:
        return DynamoDBModelCheckStore(*self.table, report=self.telemetry.unreadable)
