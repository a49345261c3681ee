"""The stores in the table."""

from functools import cached_property
from typing import TYPE_CHECKING

from imagebatch.adapters.dynamodb.accounts import DynamoDBAccountStore
from imagebatch.adapters.dynamodb.batches import DynamoDBBatchStore
from imagebatch.adapters.dynamodb.library import DynamoDBLibraryStore
from imagebatch.compose.services import Services
from imagebatch.ports.accounts import AccountStore
from imagebatch.ports.library import LibraryStore
from imagebatch.ports.records import BatchStore
from imagebatch.usecases.records import BatchRepository

if TYPE_CHECKING:
    from imagebatch.ports.catalog import CatalogStore
    from imagebatch.ports.uploads import UploadStore


class Table(Services):
    @cached_property
    def store(self) -> BatchStore:
        return DynamoDBBatchStore(*self.table, report=self.telemetry.unreadable)

    @cached_property
    def records(self) -> BatchRepository:
        return BatchRepository(self.store, self.clock, self.random, self.settings.limits)

    @cached_property
    def uploads(self) -> "UploadStore":
        from imagebatch.adapters.dynamodb.uploads import DynamoDBUploadStore

        return DynamoDBUploadStore(*self.table, report=self.telemetry.unreadable)

    @cached_property
    def catalog(self) -> "CatalogStore":
        from imagebatch.adapters.dynamodb.catalog import DynamoDBCatalogStore

        return DynamoDBCatalogStore(*self.table, report=self.telemetry.unreadable)

    @cached_property
    def library(self) -> LibraryStore:
        return DynamoDBLibraryStore(*self.table, report=self.telemetry.unreadable)

    @cached_property
    def accounts(self) -> AccountStore:
        return DynamoDBAccountStore(*self.table, report=self.telemetry.unreadable)
