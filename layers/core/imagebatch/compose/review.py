"""Reviewing the images of a batch: choose, share, delete."""

from functools import cached_property
from typing import TYPE_CHECKING

from imagebatch.compose.erasure import Deletion
from imagebatch.compose.models import Models

if TYPE_CHECKING:
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
    def signer(self) -> "Signer":
        """The key with which the stack signs quotes and other tokens of its own."""
        from imagebatch.adapters.signing import StackSigner

        arn = self.settings.signing_secret_arn
        return StackSigner(self.secret(arn, holds="signing secret"))

    @cached_property
    def find_items(self) -> "FindItems":
        from imagebatch.usecases.find_items import FindItems

        return FindItems(self.store, self.media)

    @cached_property
    def choose_round_models(self) -> "ChooseRoundModels":
        from imagebatch.usecases.round_models import ChooseRoundModels

        return ChooseRoundModels(self.usable_models)

    @cached_property
    def retry(self) -> "RetryBatch":
        from imagebatch.usecases.retry_batch import RetryBatch

        return RetryBatch(
            self.records, self.dispatch_queue, self.finalizer, self.choose_round_models
        )

    @cached_property
    def redo(self) -> "RedoItems":
        from imagebatch.usecases.redo_items import RedoItems

        return RedoItems(
            self.records,
            self.find_items,
            self.dispatch_queue,
            self.finalizer,
            self.choose_round_models,
        )

    @cached_property
    def choose_version(self) -> "ChooseVersion":
        from imagebatch.usecases.choose_version import ChooseVersion

        return ChooseVersion(self.records, self.find_items, self.media)

    @cached_property
    def rebuild_archive(self) -> "RebuildArchive":
        from imagebatch.usecases.rebuild_archive import RebuildArchive

        return RebuildArchive(self.records, self.finalizer)

    @cached_property
    def rename_batch(self) -> "RenameBatch":
        from imagebatch.usecases.rename_batch import RenameBatch

        return RenameBatch(self.records, self.library)

    @cached_property
    def share_store(self) -> "ShareStore":
        from imagebatch.adapters.dynamodb.shares import DynamoDBShareStore

        return DynamoDBShareStore(*self.table, report=self.telemetry.unreadable)

    @cached_property
    def shares(self) -> "ManageShares":
        from imagebatch.usecases.shares import ManageShares

        return ManageShares(self.records, self.share_store, self.signer)

    @cached_property
    def open_share(self) -> "OpenShare":
        from imagebatch.usecases.shares import OpenShare

        return OpenShare(self.records, self.share_store)

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
