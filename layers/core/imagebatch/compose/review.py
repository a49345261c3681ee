"""Reviewing the images of a batch: choose, share, delete."""

from functools import cached_property

from imagebatch.adapters.dynamodb.shares import DynamoDBShareStore
from imagebatch.adapters.signing import StackSigner
from imagebatch.compose.erasure import Deletion
from imagebatch.compose.models import Models
from imagebatch.ports.shares import ShareStore
from imagebatch.ports.signing import Signer
from imagebatch.usecases.choose_version import ChooseVersion
from imagebatch.usecases.delete_assets import (
    CheckNotInUse,
    DeleteImage,
    DeleteUpload,
    DeleteVariant,
)
from imagebatch.usecases.find_items import FindItems
from imagebatch.usecases.rebuild_archive import RebuildArchive
from imagebatch.usecases.redo_items import RedoItems
from imagebatch.usecases.rename_batch import RenameBatch
from imagebatch.usecases.retry_batch import RetryBatch
from imagebatch.usecases.round_models import ChooseRoundModels
from imagebatch.usecases.shares import ManageShares, OpenShare


class Review(Models, Deletion):
    @cached_property
    def signer(self) -> Signer:
        """The key with which the stack signs quotes and other tokens of its own."""
        arn = self.settings.signing_secret_arn
        return StackSigner(self.secret(arn, holds="signing secret"))

    @cached_property
    def find_items(self) -> FindItems:
        return FindItems(self.store, self.media)

    @cached_property
    def choose_round_models(self) -> ChooseRoundModels:
        return ChooseRoundModels(self.usable_models)

    @cached_property
    def retry(self) -> RetryBatch:
        return RetryBatch(
            self.records, self.dispatch_queue, self.finalizer, self.choose_round_models
        )

    @cached_property
    def redo(self) -> RedoItems:
        return RedoItems(
            self.records,
            self.find_items,
            self.dispatch_queue,
            self.finalizer,
            self.choose_round_models,
        )

    @cached_property
    def choose_version(self) -> ChooseVersion:
        return ChooseVersion(self.records, self.find_items, self.media)

    @cached_property
    def rebuild_archive(self) -> RebuildArchive:
        return RebuildArchive(self.records, self.finalizer)

    @cached_property
    def rename_batch(self) -> RenameBatch:
        return RenameBatch(self.records, self.library)

    @cached_property
    def share_store(self) -> ShareStore:
        return DynamoDBShareStore(*self.table, report=self.telemetry.unreadable)

    @cached_property
    def shares(self) -> ManageShares:
        return ManageShares(self.records, self.share_store, self.signer)

    @cached_property
    def open_share(self) -> OpenShare:
        return OpenShare(self.records, self.share_store)

    @cached_property
    def check_not_in_use(self) -> CheckNotInUse:
        return CheckNotInUse(self.records, self.media)

    @cached_property
    def delete_upload(self) -> DeleteUpload:
        return DeleteUpload(self.uploads, self.media, self.check_not_in_use)

    @cached_property
    def delete_variant(self) -> DeleteVariant:
        return DeleteVariant(self.catalog)

    @cached_property
    def delete_image(self) -> DeleteImage:
        return DeleteImage(
            self.records, self.library, self.media, self.check_not_in_use, self.outbox_names
        )
